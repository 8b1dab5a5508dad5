-- Credentials, sessions and failed sign-ins. Each change of a credential is an event of the system's
-- stream in the same step, so that the audit log has it.

local function write_access(events, action, object, actor, of, now)
  redis.call('XADD', events, '*', 'object', object, 'action', action, 'actor', actor, 'of', of,
    'at', now)
end

-- token_put_v1: issues a credential, or changes one.
-- KEYS 1 token  2 tokens  3 events
-- ARGV 1 id  2 issued_ms  3 action (issue, rotate)  4 whose  5 now_ms  6.. field, value, ..
-- Reply 1
redis.register_function('token_put_v1', function(keys, args)
  redis.call('HSET', keys[1], unpack(args, 6))
  redis.call('ZADD', keys[2], args[2], args[1])
  write_access(keys[3], 'token.' .. args[3], args[1], 'server', args[4], args[5])
  return 1
end)

-- token_revoke_v1: makes a credential invalid. KEYS 1 token  2 events   ARGV 1 id  2 now_ms
-- Reply 1, or 0: there is none, or it is revoked already
redis.register_function('token_revoke_v1', function(keys, args)
  local who = redis.call('HGET', keys[1], 'who')
  if not who or redis.call('HGET', keys[1], 'revoked') == '1' then
    return 0
  end
  redis.call('HSET', keys[1], 'revoked', 1)
  write_access(keys[2], 'token.revoke', args[1], 'server', who, args[2])
  return 1
end)

-- session_open_v1: KEYS 1 session  2 events
-- ARGV 1 who  2 token id  3 now_ms  4 end_ms  5 idle_ms      Reply 1
redis.register_function('session_open_v1', function(keys, args)
  redis.call('HSET', keys[1], 'who', args[1], 'token', args[2], 'since', args[3], 'until', args[4])
  redis.call('PEXPIRE', keys[1], args[5])
  write_access(keys[2], 'session.open', args[2], args[1], args[1], args[3])
  return 1
end)

-- session_seen_v2: a session that is used lives on, up to its end.
-- KEYS the names that it may have      ARGV 1 now_ms  2 idle_ms  3 how much of idle_ms may be gone before it is renewed
-- Reply {who, token id, since, until} | {}
local function session_seen(key, args)
  local known = redis.call('HMGET', key, 'who', 'token', 'since', 'until')
  local now, idle = tonumber(args[1]), tonumber(args[2])
  if not known[1] then
    return {}
  end
  local left = tonumber(known[4]) - now
  if left <= 0 then
    redis.call('DEL', key)
    return {}
  end
  if redis.call('PTTL', key) < math.min(idle, left) - tonumber(args[3]) then
    redis.call('PEXPIRE', key, math.min(idle, left))
  end
  return known
end

redis.register_function('session_seen_v2', function(keys, args)
  for _, key in ipairs(keys) do
    local known = session_seen(key, args)
    if known[1] then
      return known
    end
  end
  return {}
end)

-- session_seen_v1: the same of one name, for programs of the release before.
redis.register_function('session_seen_v1', function(keys, args)
  return session_seen(keys[1], args)
end)

-- session_close_v2: KEYS 1 events  2.. the names that it may have      ARGV 1 now_ms
-- Reply 1, or 0: there was none
local function session_close(key, events, args)
  local known = redis.call('HMGET', key, 'who', 'token')
  if redis.call('DEL', key) == 0 then
    return 0
  end
  write_access(events, 'session.close', known[2], known[1], known[1], args[1])
  return 1
end

redis.register_function { function_name = 'session_close_v2', flags = { 'allow-oom' },
  callback = function(keys, args)
    local closed = 0
    for i = 2, #keys do
      closed = math.max(closed, session_close(keys[i], keys[1], args))
    end
    return closed
  end }

-- session_close_v1: the same of one name, for programs of the release before.
redis.register_function { function_name = 'session_close_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    return session_close(keys[1], keys[2], args)
  end }

-- failed_v1: one more failed sign-in, seen by all daemons.
-- KEYS 1 counter      ARGV 1 window_ms      Reply {how many in the window, ms that are left of it}
redis.register_function { function_name = 'failed_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    local n = redis.call('INCR', keys[1])
    if n == 1 then
      redis.call('PEXPIRE', keys[1], args[1])
    end
    return { n, redis.call('PTTL', keys[1]) }
  end }
