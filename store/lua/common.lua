-- Shared by the functions of the library. All checks of a function come before its first
-- write: an error in Lua does not undo what was written before it.

local GROUP = 'route'
local ATTEMPTS_MAX = 8

-- Index entries: for each key from KEYS[first_key] on one argument from args[first_arg] on:
-- the new score of the member, or '-' to take it out.
local function write_index(keys, first_key, args, first_arg, member)
  for i = first_key, #keys do
    local score = args[first_arg + i - first_key]
    if score == '-' then
      redis.call('ZREM', keys[i], member)
    else
      redis.call('ZADD', keys[i], score, member)
    end
  end
end

-- One entry of the event stream: ids and words of the life cycle, never content.
local function write_event(key, id, country, action, actor, from, to, version, now)
  redis.call('XADD', key, '*', 'id', id, 'country', country, 'action', action, 'actor', actor,
    'from', from, 'to', to, 'version', version, 'at', now)
end

local function enqueue(work, queued, id)
  local entry = redis.call('XADD', work, '*', 'id', id)
  redis.call('HSET', queued, id, entry)
  return entry
end

-- entry '' is nobody's: the request is taken out of the queue whatever its entry was.
local function dequeue(work, queued, id, entry)
  local live = redis.call('HGET', queued, id)
  if live and live ~= entry then
    redis.call('XACK', work, GROUP, live)
    redis.call('XDEL', work, live)
  end
  if entry ~= '' then
    redis.call('XACK', work, GROUP, entry)
    redis.call('XDEL', work, entry)
  end
  redis.call('HDEL', queued, id)
end

-- nil: this key was not used before. Else what the caller is to be told; a replay writes
-- before it is answered, so that it is on disk as surely as the first answer (R-5).
local function replay(idem, fingerprint)
  if fingerprint == '' then
    return nil
  end
  local known = redis.call('HMGET', idem, 'f', 'id', 'o')
  if not known[1] then
    return nil
  end
  if known[1] ~= fingerprint then
    return { 'reused' }
  end
  redis.call('HINCRBY', idem, 'r', 1)
  return { 'replayed', known[2], known[3] }
end

local function remember(idem, fingerprint, id, operation, ttl)
  if fingerprint ~= '' then
    redis.call('HSET', idem, 'f', fingerprint, 'id', id, 'o', operation)
    redis.call('PEXPIRE', idem, ttl)
  end
end
