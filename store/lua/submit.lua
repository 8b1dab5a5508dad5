-- submit_v2: a new request, all of it or nothing.
-- KEYS 1 req  2 idem  3 work  4 queued  5 events  6 hist  7 country  8 refs  9 stats
--      10.. other names of the Idempotency-Key (read_names), then indexes
-- ARGV 1 id  2 country  3 year  4 now_ms  5 fingerprint or ''  6 ttl_ms  7 meta  8 body
--      9 history line  10 actor  11.. how many other names, their fingerprints, then a score for
--      each index
-- Reply {'stored', id, reference} | {'replayed', id, id} | {'reused'}
-- Keeps: a request is in the record, the queue, the event stream and the indexes, or in none.
local function submit(keys, args, names, first_key, first_arg)
  local id, country, now = args[1], args[2], args[4]
  local own = redis.call('HGET', keys[1], 'ref')
  if own then -- the same call again after a lost answer; write before answering (R-5)
    redis.call('HINCRBY', keys[1], 'replays', 1)
    return { 'stored', id, own }
  end
  local seen = replay(keys[2], args[5], names)
  if seen then
    return seen
  end

  local number = redis.call('HINCRBY', keys[7], 'n:' .. args[3], 1)
  local reference = string.format('LN-%s-%s-%04d', args[3], country, number)
  redis.call('HSET', keys[1], 'state', 'submitted', 'version', 1, 'country', country, 'ref',
    reference, 'meta', args[7], 'body', args[8])
  redis.call('HSET', keys[8], reference, id)
  redis.call('RPUSH', keys[6], args[9])
  remember(keys[2], args[5], id, id, args[6])
  enqueue(keys[3], keys[4], id)
  write_event(keys[5], id, country, 'submit', args[10], '', 'submitted', 1, now)
  write_index(keys, first_key, args, first_arg, #keys - first_key + 1, id)
  redis.call('HINCRBY', keys[9], 'enqueued', 1)
  return { 'stored', id, reference }
end

redis.register_function('submit_v2', function(keys, args)
  local n = tonumber(args[11])
  return submit(keys, args, read_names(keys, 10, args, 11), 10 + n, 12 + n)
end)

-- submit_v1: the same without other names, for programs of the release before.
redis.register_function('submit_v1', function(keys, args)
  return submit(keys, args, {}, 10, 11)
end)
