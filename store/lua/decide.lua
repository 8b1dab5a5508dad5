-- decide_v1: the router's decision on a submitted request, once in effect (R-22).
-- KEYS 1 req  2 work  3 queued  4 delayed  5 dead  6 events  7 hist  8 decided  9 stats
--      10.. indexes
-- ARGV 1 id  2 entry in work  3 version  4 country epoch it was decided on  5 new state
--      6 action  7 now_ms  8 meta  9 inner  10 history line  11 wait bucket  12 wait_ms
--      13 verdict  14 sealed vector or ''  15.. a score for each index
-- Reply {'done', version, epoch} | {'already', state} | {'stale', version} | {'epoch', epoch} |
--       {'absent'} | {'refused', state}
-- Keeps: a request leaves `submitted` exactly once, and only if no other request of the country
-- was decided since this decision looked for duplicates.
local function decide(keys, args)
  local id, entry, now = args[1], args[2], args[7]
  local known = redis.call('HMGET', keys[1], 'state', 'version', 'country')
  local from, version = known[1], tonumber(known[2])
  if not from then
    dequeue(keys[2], keys[3], id, entry)
    return { 'absent' }
  end
  if from ~= 'submitted' then -- a second delivery: only acknowledged
    dequeue(keys[2], keys[3], id, entry)
    return { 'already', from }
  end
  if version ~= tonumber(args[3]) then
    return { 'stale', version }
  end
  local epoch = redis.call('LLEN', keys[8])
  if epoch ~= tonumber(args[4]) then
    return { 'epoch', epoch }
  end
  if not GUARDS[args[6] .. ' system ' .. from .. ' ' .. args[5]] then
    return { 'refused', from }
  end

  version = version + 1
  redis.call('HSET', keys[1], 'state', args[5], 'version', version, 'meta', args[8], 'inner',
    args[9])
  redis.call('RPUSH', keys[7], args[10])
  epoch = redis.call('RPUSH', keys[8], id .. args[14])
  dequeue(keys[2], keys[3], id, entry)
  redis.call('ZREM', keys[4], id)
  redis.call('ZREM', keys[5], id)
  write_event(keys[6], id, known[3], args[6], 'system', from, args[5], version, now)
  write_index(keys, 10, args, 15, id)
  redis.call('HINCRBY', keys[9], 'processed', 1)
  redis.call('HINCRBY', keys[9], 'wait:' .. args[11], 1)
  redis.call('HINCRBY', keys[9], 'waited_ms', args[12])
  redis.call('HINCRBY', keys[9], 'verdict:' .. args[13], 1)
  return { 'done', version, epoch }
end

redis.register_function { function_name = 'decide_v1', callback = decide, flags = { 'allow-oom' } }
