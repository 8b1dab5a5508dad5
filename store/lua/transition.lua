-- transition_v3: one step of the life cycle of one request, or of several that change together
-- (a merge), decided outside on a version of each record and written only if all still have it.
-- KEYS 1 idem  2 events  3 delayed  4 dead  5 stats  6 verdicts  7 halves  8 lessons  9 waits
--      10.. other names of the Idempotency-Key (read_names), then parts (read_parts)
-- ARGV 1 operation id  2 action  3 role  4 of  5 now_ms  6 fingerprint or ''  7 ttl_ms
--      8 note of a link's half that is due, or ''  9 lesson or ''  10 lessons kept
--      11 degree  12 whom (store/event_store.h), or ''
--      13 wait that ended (store/wait_store.h), or ''  14 how long waits are kept (ms)
--      15.. how many other names, their fingerprints, then judgements (write_judgements), then
--      parts (read_parts), first the request acted on
-- Reply {'done', version} | {'replayed', id, operation} | {'reused'} | {'absent'} |
--       {'stale', version} | {'refused', state} | {'foreign'}
-- Keeps: no move that the life-cycle table does not have; no country acts on another's request;
-- all of the parts move, or none.
local function transition(keys, args, names, first_key, first_arg)
  local operation, action, role, of, now = args[1], args[2], args[3], args[4], args[5]
  local seen = replay(keys[1], args[6], names)
  if seen then
    return seen
  end
  local parts = read_parts(keys, first_key, args,
    first_arg + 1 + 5 * tonumber(args[first_arg]))
  if parts[1].last == operation then -- the same call again after a lost answer
    redis.call('HINCRBY', parts[1].req, 'replays', 1)
    return { 'done', parts[1].version }
  end
  local refusal = check_parts(parts, action, role, of)
  if refusal then
    return refusal
  end

  local actor = role
  if of ~= '' then
    actor = role .. ':' .. of
  end
  for _, part in ipairs(parts) do
    write_part(part, keys, args, keys[2], action, actor, now, args[11], args[12])
    if part.from == 'submitted' then -- before anyone routed it; a worker settles its entry
      redis.call('ZREM', keys[3], part.id)
      redis.call('ZREM', keys[4], part.id)
    end
  end
  redis.call('HSET', parts[1].req, 'last', operation)
  remember(keys[1], args[6], parts[1].id, operation, args[7])
  write_judgements(keys[6], keys[5], args, first_arg, now)
  if args[13] ~= '' then
    redis.call('HINCRBY', keys[9], args[13], 1)
    redis.call('PEXPIRE', keys[9], args[14])
  end
  if args[8] ~= '' then
    redis.call('SADD', keys[7], args[8])
  end
  if args[9] ~= '' then
    redis.call('RPUSH', keys[8], args[9])
    redis.call('LTRIM', keys[8], -tonumber(args[10]), -1)
  end
  return { 'done', parts[1].version }
end

-- May still run when memory is full: it lets accepted work drain (R-14).
redis.register_function { function_name = 'transition_v3', flags = { 'allow-oom' },
  callback = function(keys, args)
    local n = tonumber(args[15])
    return transition(keys, args, read_names(keys, 10, args, 15), 10 + n, 16 + n)
  end }

-- transition_v2: the same without other names, for programs of the release before.
redis.register_function { function_name = 'transition_v2', flags = { 'allow-oom' },
  callback = function(keys, args)
    return transition(keys, args, {}, 10, 15)
  end }

-- seen_v2: was this Idempotency-Key used before? Asked when an action is refused: the refusal
-- may only be the echo of its own first success.
-- KEYS 1 idem  2.. other names      ARGV 1 fingerprint  2.. how many other names, their fingerprints
-- Reply {'replayed', id, operation} | {'reused'} | {'absent'}
redis.register_function { function_name = 'seen_v2', flags = { 'allow-oom' },
  callback = function(keys, args)
    return replay(keys[1], args[1], read_names(keys, 2, args, 2)) or { 'absent' }
  end }

-- seen_v1: the same without other names, for programs of the release before.
redis.register_function { function_name = 'seen_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    return replay(keys[1], args[1], {}) or { 'absent' }
  end }
