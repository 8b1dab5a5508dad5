-- transition_v1: one step of the life cycle, decided outside on a version of the record and
-- written only if the record still has that version.
-- KEYS 1 req  2 idem  3 events  4 hist  5 delayed  6 dead  7 lessons  8.. indexes
-- ARGV 1 id  2 operation id  3 version it was decided on  4 new state  5 action  6 role  7 of
--      8 now_ms  9 meta  10 inner or ''  11 history line  12 fingerprint or ''  13 ttl_ms
--      14 lesson or ''  15 lessons kept  16.. a score for each index
-- Reply {'done', version} | {'replayed', id, operation} | {'reused'} | {'absent'} |
--       {'stale', version} | {'refused', state} | {'foreign'}
-- Keeps: no move that the life-cycle table does not have; no country acts on another's request.
local function transition(keys, args)
  local id, operation, action, role, now = args[1], args[2], args[5], args[6], args[8]
  local seen = replay(keys[2], args[12])
  if seen then
    return seen
  end
  local known = redis.call('HMGET', keys[1], 'state', 'version', 'country', 'last')
  local from, version = known[1], tonumber(known[2])
  if not from then
    return { 'absent' }
  end
  if known[4] == operation then -- the same call again after a lost answer
    redis.call('HINCRBY', keys[1], 'replays', 1)
    return { 'done', version }
  end
  if role == 'country' and args[7] ~= known[3] then
    return { 'foreign' }
  end
  if version ~= tonumber(args[3]) then
    return { 'stale', version }
  end
  if not GUARDS[action .. ' ' .. role .. ' ' .. from .. ' ' .. args[4]] then
    return { 'refused', from }
  end

  version = version + 1
  redis.call('HSET', keys[1], 'state', args[4], 'version', version, 'meta', args[9], 'last',
    operation)
  if args[10] ~= '' then
    redis.call('HSET', keys[1], 'inner', args[10])
  end
  redis.call('RPUSH', keys[4], args[11])
  remember(keys[2], args[12], id, operation, args[13])
  if from == 'submitted' then -- withdrawn before anyone routed it; a worker settles its entry
    redis.call('ZREM', keys[5], id)
    redis.call('ZREM', keys[6], id)
  end
  local actor = role
  if args[7] ~= '' then
    actor = role .. ':' .. args[7]
  end
  write_event(keys[3], id, known[3], action, actor, from, args[4], version, now)
  if args[14] ~= '' then
    redis.call('RPUSH', keys[7], args[14])
    redis.call('LTRIM', keys[7], -tonumber(args[15]), -1)
  end
  write_index(keys, 8, args, 16, id)
  return { 'done', version }
end

-- May still run when memory is full: it lets accepted work drain (R-14).
redis.register_function { function_name = 'transition_v1', callback = transition,
  flags = { 'allow-oom' } }

-- seen_v1: was this Idempotency-Key used before? Asked when an action is refused: the refusal
-- may only be the echo of its own first success.
-- KEYS 1 idem      ARGV 1 fingerprint      Reply {'replayed', id, operation} | {'reused'} | {'absent'}
local function seen(keys, args)
  return replay(keys[1], args[1]) or { 'absent' }
end

redis.register_function { function_name = 'seen_v1', callback = seen, flags = { 'allow-oom' } }
