-- Shared by the functions of the library. All checks of a function come before its first
-- write: an error in Lua does not undo what was written before it.

local GROUP = 'route'
local ATTEMPTS_MAX = 8

-- Index entries: for each of n keys from keys[first_key] on one argument from args[first_arg] on:
-- the new score of the member, or '-' to take it out.
local function write_index(keys, first_key, args, first_arg, n, member)
  for k = 0, n - 1 do
    local i, score = first_key + k, args[first_arg + k]
    if score == '-' then
      redis.call('ZREM', keys[i], member)
    else
      redis.call('ZADD', keys[i], score, member)
    end
  end
end

-- Stream ids as numbers: milliseconds stay exact in a double until the year 287,000.
local function is_after(a, b)
  local a_ms, a_n = string.match(a, '(%d+)-(%d+)')
  local b_ms, b_n = string.match(b, '(%d+)-(%d+)')
  a_ms, b_ms = tonumber(a_ms), tonumber(b_ms)
  return a_ms > b_ms or (a_ms == b_ms and tonumber(a_n) > tonumber(b_n))
end

-- One entry of the event stream: ids and words of the life cycle, never content. degree and whom
-- as in store/event_store.h, '' for most.
local function write_event(key, id, country, action, actor, from, to, version, now, degree, whom)
  local entry = { 'id', id, 'country', country, 'action', action, 'actor', actor, 'from', from,
    'to', to, 'version', version, 'at', now }
  if degree and degree ~= '' then
    table.insert(entry, 'degree')
    table.insert(entry, degree)
  end
  if whom and whom ~= '' then
    table.insert(entry, 'whom')
    table.insert(entry, whom)
  end
  redis.call('XADD', key, '*', unpack(entry))
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

-- Names under which an Idempotency-Key may be remembered from before the master key changed: from
-- keys[first_key] and args[first_arg + 1] on, args[first_arg] of them.
local function read_names(keys, first_key, args, first_arg)
  local names = {}
  for i = 1, tonumber(args[first_arg]) do
    names[i] = { key = keys[first_key + i - 1], fingerprint = args[first_arg + i] }
  end
  return names
end

-- nil: this key was not used before. Else what the caller is to be told; a replay writes
-- before it is answered, so that it is on disk as surely as the first answer (R-5).
local function replay_one(idem, fingerprint)
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

local function replay(idem, fingerprint, names)
  local seen = replay_one(idem, fingerprint)
  for _, name in ipairs(names) do
    seen = seen or replay_one(name.key, name.fingerprint)
  end
  return seen
end

local function remember(idem, fingerprint, id, operation, ttl)
  if fingerprint ~= '' then
    redis.call('HSET', idem, 'f', fingerprint, 'id', id, 'o', operation)
    redis.call('PEXPIRE', idem, ttl)
  end
end

-- Requests that change together, each decided outside on a version of its record.
-- From keys[first_key] on, for each: req, hist, then its indexes.
-- From args[first_arg] on: how many, then for each: id, version, new state, meta, inner or '',
-- history line, how many indexes, a score for each.
local function read_parts(keys, first_key, args, first_arg)
  local parts, key, arg = {}, first_key, first_arg + 1
  for _ = 1, tonumber(args[first_arg]) do
    local part = { req = keys[key], hist = keys[key + 1], id = args[arg], to = args[arg + 2],
      meta = args[arg + 3], inner = args[arg + 4], line = args[arg + 5], key = key + 2,
      arg = arg + 7, indexes = tonumber(args[arg + 6]) }
    local known = redis.call('HMGET', part.req, 'state', 'version', 'country', 'last')
    part.from, part.version, part.country, part.last = known[1], tonumber(known[2]), known[3], known[4]
    part.decided_on = tonumber(args[arg + 1])
    parts[#parts + 1] = part
    key = part.key + part.indexes
    arg = part.arg + part.indexes
  end
  return parts
end

-- nil when all of them may move; else what the caller is to be told.
local function check_parts(parts, action, role, of)
  for i, part in ipairs(parts) do
    if not part.from then
      return i == 1 and { 'absent' } or { 'stale', 0 }
    end
    if role == 'country' and of ~= part.country then
      return { 'foreign' }
    end
    if part.version ~= part.decided_on then
      return { 'stale', part.version }
    end
    if not GUARDS[action .. ' ' .. role .. ' ' .. part.from .. ' ' .. part.to] then
      return { 'refused', part.from }
    end
  end
  return nil
end

-- Record, history, event and indexes of one of them; its version goes up by one.
local function write_part(part, keys, args, events, action, actor, now, degree, whom)
  part.version = part.version + 1
  redis.call('HSET', part.req, 'state', part.to, 'version', part.version, 'meta', part.meta)
  if part.inner ~= '' then
    redis.call('HSET', part.req, 'inner', part.inner)
  end
  redis.call('RPUSH', part.hist, part.line)
  write_event(events, part.id, part.country, action, actor, part.from, part.to, part.version, now,
    degree, whom)
  write_index(keys, part.key, args, part.arg, part.indexes, part.id)
end

-- What people say of pairs that the engine listed. From args[first_arg] on: how many, then for
-- each: pair, verdict ('' takes back `related`), the engine's verdict, its probability, by. The
-- last word counts: `judged` counts what stands now, `given` all that was ever said.
local function write_judgements(verdicts, stats, args, first_arg, now)
  local arg = first_arg + 1
  for _ = 1, tonumber(args[first_arg]) do
    local pair, verdict, engine = args[arg], args[arg + 1], args[arg + 2]
    local was, was_engine = string.match(redis.call('HGET', verdicts, pair) or '', '^(%a+) (%a+) ')
    if was and (verdict ~= '' or was == 'related') then
      redis.call('HINCRBY', stats, 'judged:' .. was_engine .. ':' .. was, -1)
      redis.call('HDEL', verdicts, pair)
    end
    if verdict ~= '' then
      redis.call('HSET', verdicts, pair, table.concat({ verdict, engine, args[arg + 3],
        args[arg + 4], now }, ' '))
      redis.call('HINCRBY', stats, 'judged:' .. engine .. ':' .. verdict, 1)
      redis.call('HINCRBY', stats, 'given:' .. engine .. ':' .. verdict, 1)
    end
    arg = arg + 5
  end
end
