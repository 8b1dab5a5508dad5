-- decide_v3: the router's decision on a submitted request, once in effect (R-22); when its country
-- wished to join it to an earlier one, both change together.
-- KEYS 1 work  2 queued  3 delayed  4 dead  5 events  6 decided  7 stats  8 verdicts
--      9.. parts (read_parts), first the submitted one
-- ARGV 1 entry in work  2 country epoch it was decided on  3 action  4 now_ms  5 wait bucket
--      6 wait_ms  7 the engine's best verdict  8 main topic or ''  9 sealed vector or ''
--      10.. judgements (write_judgements), then parts
-- Reply {'done', version, epoch} | {'already', state} | {'stale', version} | {'epoch', epoch} |
--       {'absent'} | {'refused', state}
-- Keeps: a request leaves `submitted` exactly once, and only if no other request of the country
-- was decided since this decision looked for duplicates.
local function decide(keys, args)
  local entry, action, now = args[1], args[3], args[4]
  local parts = read_parts(keys, 9, args, 11 + 5 * tonumber(args[10]))
  local own = parts[1]
  if not own.from then
    dequeue(keys[1], keys[2], own.id, entry)
    return { 'absent' }
  end
  if own.from ~= 'submitted' then -- a second delivery: only acknowledged
    dequeue(keys[1], keys[2], own.id, entry)
    return { 'already', own.from }
  end
  local epoch = redis.call('LLEN', keys[6])
  if own.version == own.decided_on and epoch ~= tonumber(args[2]) then
    return { 'epoch', epoch }
  end
  local refusal = check_parts(parts, action, 'system', '')
  if refusal then
    return refusal
  end

  for _, part in ipairs(parts) do
    write_part(part, keys, args, keys[5], action, 'system', now)
  end
  epoch = redis.call('RPUSH', keys[6], own.id .. args[9])
  dequeue(keys[1], keys[2], own.id, entry)
  redis.call('ZREM', keys[3], own.id)
  redis.call('ZREM', keys[4], own.id)
  write_judgements(keys[8], keys[7], args, 10, now)
  redis.call('HINCRBY', keys[7], 'processed', 1)
  redis.call('HINCRBY', keys[7], 'wait:' .. args[5], 1)
  redis.call('HINCRBY', keys[7], 'waited_ms', args[6])
  redis.call('HINCRBY', keys[7], 'verdict:' .. args[7], 1)
  if args[8] ~= '' then
    redis.call('HINCRBY', keys[7], 'theme:' .. args[8], 1)
  end
  return { 'done', own.version, epoch }
end

redis.register_function { function_name = 'decide_v3', callback = decide, flags = { 'allow-oom' } }
