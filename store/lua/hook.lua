-- Webhooks: where a country or a secretariat wants to be told of events. Each change raises a
-- counter, so that workers look anew only when there is something new.

-- hook_put_v1: a new one.
-- KEYS 1 hook  2 hooks  3 hooks of its owner  4 changes
-- ARGV 1 id  2 owner  3 now_ms  4 sealed document  5 at most of one owner
-- Reply {1} | {0}: the owner has as many as there may be
redis.register_function('hook_put_v1', function(keys, args)
  if redis.call('EXISTS', keys[1]) == 1 then -- the same call again after a lost answer
    redis.call('INCR', keys[4])
    return { 1 }
  end
  if redis.call('ZCARD', keys[3]) >= tonumber(args[5]) then
    return { 0 }
  end
  redis.call('HSET', keys[1], 'who', args[2], 'created', args[3], 'doc', args[4], 'state', 'active',
    'fails', 0, 'until', 0, 'why', '')
  redis.call('ZADD', keys[2], args[3], args[1])
  redis.call('ZADD', keys[3], args[3], args[1])
  redis.call('INCR', keys[4])
  return { 1 }
end)

-- hook_delete_v1      KEYS as hook_put_v1      ARGV 1 id      Reply {1} or {0}: it was not there
redis.register_function { function_name = 'hook_delete_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    local there = redis.call('DEL', keys[1])
    redis.call('ZREM', keys[2], args[1])
    redis.call('ZREM', keys[3], args[1])
    redis.call('INCR', keys[4])
    return { there }
  end }

-- hook_change_v1: its owner pauses or resumes it, or it gets other secrets.
-- KEYS 1 hook  2 changes      ARGV 1 state or ''  2 sealed document or ''      Reply {1} or {0}
redis.register_function('hook_change_v1', function(keys, args)
  if redis.call('EXISTS', keys[1]) == 0 then
    return { 0 }
  end
  if args[1] ~= '' then
    redis.call('HSET', keys[1], 'state', args[1], 'fails', 0, 'until', 0, 'why', '')
  end
  if args[2] ~= '' then
    redis.call('HSET', keys[1], 'doc', args[2])
  end
  redis.call('INCR', keys[2])
  return { 1 }
end)

-- hook_result_v1: what came of an attempt.
-- KEYS 1 hook  2 changes
-- ARGV 1 ok, fail or gone  2 not to be called before this time (ms), 0: any  3 failures in a row
--      that pause it  4 why, one word
-- Reply {state}, {''} when there is none any more; a second element says that it has changed
redis.register_function { function_name = 'hook_result_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    local state = redis.call('HGET', keys[1], 'state')
    if not state then
      return { '' }
    end
    if args[1] == 'ok' then
      redis.call('HSET', keys[1], 'fails', 0, 'until', 0)
      return { state }
    end
    local fails = redis.call('HINCRBY', keys[1], 'fails', 1)
    local becomes = state
    if args[1] == 'gone' then
      becomes = 'disabled'
    elseif state == 'active' and fails >= tonumber(args[3]) then
      becomes = 'paused'
    end
    redis.call('HSET', keys[1], 'until', args[2])
    if becomes == state then
      return { state }
    end
    redis.call('HSET', keys[1], 'state', becomes, 'why', args[4])
    redis.call('INCR', keys[2])
    return { becomes, 'changed' }
  end }
