local DELAY_MAX = 21600000

-- attempt_v2: something went wrong with a work entry, or another worker's is taken over (R-25).
-- KEYS 1 req  2 work  3 queued  4 delayed  5 dead  6 stats
-- ARGV 1 id  2 entry  3 now_ms  4 first delay_ms, or '-' to go on at once  5 jitter 0..1
--      6 why, for operators
-- Reply {'go', attempts} | {'delayed', attempts} | {'dead', attempts} | {'already', state}
-- Keeps: an accepted request is in exactly one of work, delayed and dead until it is decided.
local function attempt(keys, args)
  local id, entry, now, delay = args[1], args[2], args[3], args[4]
  local state = redis.call('HGET', keys[1], 'state')
  if state ~= 'submitted' then
    dequeue(keys[2], keys[3], id, entry)
    return { 'already', state or 'absent' }
  end
  local attempts = redis.call('HINCRBY', keys[1], 'attempts', 1)
  redis.call('HSET', keys[1], 'why', args[6] or '')
  redis.call('HINCRBY', keys[6], 'retried', 1)
  if attempts >= ATTEMPTS_MAX then
    redis.call('ZADD', keys[5], now, id)
    dequeue(keys[2], keys[3], id, entry)
    redis.call('HINCRBY', keys[6], 'dead', 1)
    return { 'dead', attempts }
  end
  if delay == '-' then
    return { 'go', attempts }
  end
  -- Doubled each time, at most six hours, up to a fifth more by chance.
  local wait = math.min(tonumber(delay) * 2 ^ (attempts - 1), DELAY_MAX)
  wait = math.floor(wait * (1 + tonumber(args[5]) / 5))
  redis.call('ZADD', keys[4], tonumber(now) + wait, id)
  dequeue(keys[2], keys[3], id, entry)
  return { 'delayed', attempts }
end

redis.register_function { function_name = 'attempt_v2', callback = attempt,
  flags = { 'allow-oom' } }
-- Of the release before, whose workers say no reason.
redis.register_function { function_name = 'attempt_v1', callback = attempt,
  flags = { 'allow-oom' } }

-- wake_v1: puts what is due again back into the stream.
-- KEYS 1 work  2 queued  3 delayed      ARGV 1 now_ms  2 at most      Reply: how many
local function wake(keys, args)
  local due = redis.call('ZRANGE', keys[3], '-inf', args[1], 'BYSCORE', 'LIMIT', 0, args[2])
  for _, id in ipairs(due) do
    enqueue(keys[1], keys[2], id)
    redis.call('ZREM', keys[3], id)
  end
  return #due
end

redis.register_function { function_name = 'wake_v1', callback = wake, flags = { 'allow-oom' } }

-- requeue_v1: an operator gives a dead letter another eight attempts.
-- KEYS 1 req  2 work  3 queued  4 dead      ARGV 1 id      Reply 1, or 0 when it is not there
local function requeue(keys, args)
  if redis.call('ZREM', keys[4], args[1]) == 0 then
    return 0
  end
  redis.call('HDEL', keys[1], 'attempts')
  enqueue(keys[2], keys[3], args[1])
  return 1
end

redis.register_function { function_name = 'requeue_v1', callback = requeue,
  flags = { 'allow-oom' } }

-- dead_v1: one dead letter. KEYS 1 req  2 dead      ARGV 1 id
-- Reply {since ms, attempts, why}, or {}: it is none
redis.register_function { function_name = 'dead_v1', flags = { 'no-writes' },
  callback = function(keys, args)
    local since = redis.call('ZSCORE', keys[2], args[1])
    if not since then
      return {}
    end
    local known = redis.call('HMGET', keys[1], 'attempts', 'why')
    return { since, known[1] or '0', known[2] or '' }
  end }

-- The group's XINFO as a table by field name; nil when stream or group is not there.
local function group_fields(work)
  local known = redis.pcall('XINFO', 'GROUPS', work)
  for _, group in ipairs(known.err and {} or known) do
    local fields = {}
    for i = 1, #group, 2 do
      fields[group[i]] = group[i + 1]
    end
    if fields.name == GROUP then
      return fields
    end
  end
  return nil
end

-- The last entry that the group has delivered; makes the group when it is lost.
local function last_delivered(work)
  local fields = group_fields(work)
  if fields then
    return fields['last-delivered-id']
  end
  redis.call('XGROUP', 'CREATE', work, GROUP, '0', 'MKSTREAM')
  return '0-0'
end

local function is_live(work, queued, delayed, dead, id, last)
  if redis.call('ZSCORE', delayed, id) or redis.call('ZSCORE', dead, id) then
    return true
  end
  local entry = redis.call('HGET', queued, id)
  if not entry or #redis.call('XRANGE', work, entry, entry) == 0 then
    return false
  end
  return is_after(entry, last) or #redis.call('XPENDING', work, GROUP, entry, entry, 1) > 0
end

-- reconcile_v1: every submitted request has one live entry (R-27); what has none gets one. A
-- second entry is harmless: decide_v3 looks at the state.
-- KEYS 1 by:state:submitted  2 work  3 queued  4 delayed  5 dead  6 stats
-- ARGV 1 rank to start from  2 at most
-- Reply {checked, mended}
local function reconcile(keys, args)
  local last = last_delivered(keys[2])
  local first = tonumber(args[1])
  local ids = redis.call('ZRANGE', keys[1], first, first + tonumber(args[2]) - 1)
  local mended = 0
  for _, id in ipairs(ids) do
    if not is_live(keys[2], keys[3], keys[4], keys[5], id, last) then
      dequeue(keys[2], keys[3], id, '')
      enqueue(keys[2], keys[3], id)
      mended = mended + 1
    end
  end
  if mended > 0 then
    redis.call('HINCRBY', keys[6], 'mended', mended)
  end
  return { #ids, mended }
end

redis.register_function { function_name = 'reconcile_v1', callback = reconcile,
  flags = { 'allow-oom' } }

-- What a program needs before it can work, also when memory is full: else accepted work could
-- not drain after a restart (R-14).

-- group_v1: makes the group, from the first entry on (R-20), unless it is there.      KEYS 1 work
redis.register_function { function_name = 'group_v1', flags = { 'allow-oom' },
  callback = function(keys) return last_delivered(keys[1]) end }

-- barrier_v1: one write (R-4).      KEYS 1 barrier      ARGV 1 nonce
redis.register_function { function_name = 'barrier_v1', flags = { 'allow-oom' },
  callback = function(keys, args) return redis.call('SET', keys[1], args[1]) end }

-- heartbeat_v1: a worker is alive; those not seen for a day are forgotten.
-- KEYS 1 workers      ARGV 1 slot  2 what it says of itself, beginning with now_ms
local DAY = 86400000

local function heartbeat(keys, args)
  local now = tonumber(string.match(args[2], '%d+'))
  local known = redis.call('HGETALL', keys[1])
  for i = 1, #known, 2 do
    if now - tonumber(string.match(known[i + 1], '%d+') or '0') > DAY then
      redis.call('HDEL', keys[1], known[i])
    end
  end
  return redis.call('HSET', keys[1], args[1], args[2])
end

redis.register_function { function_name = 'heartbeat_v1', callback = heartbeat,
  flags = { 'allow-oom' } }

-- health_v1: the numbers of one partition, in one look.
-- KEYS 1 work  2 delayed  3 dead  4 stats  5.. sorted sets by time, then inboxes
-- ARGV 1 how many of the sets are not inboxes  2 now_ms
-- Reply {waiting, pending, oldest waiting ms or 0, oldest pending ms or 0, delayed, dead,
--        {stats..}, {count, oldest time or '0', overdue, ending within a day, ..}}
-- An inbox's score is urgency * URGENCY_STEP + due time (store/index.c).
local URGENCY_STEP = 10000000000000

local function inbox_clocks(key, now)
  local earliest, overdue, ending = 0, 0, 0
  for urgency = 0, 3 do
    local base = urgency * URGENCY_STEP
    local first = redis.call('ZRANGE', key, base, base + URGENCY_STEP - 1, 'BYSCORE', 'LIMIT', 0,
      1, 'WITHSCORES')
    if first[2] then
      local due = tonumber(first[2]) - base
      if earliest == 0 or due < earliest then
        earliest = due
      end
      overdue = overdue + redis.call('ZCOUNT', key, base, base + now)
      ending = ending + redis.call('ZCOUNT', key, base + now + 1, base + now + DAY)
    end
  end
  return string.format('%.0f', earliest), overdue, ending
end

local function health(keys, args)
  local waiting
  local pending, oldest_waiting, oldest_pending = 0, '0', '0'
  local fields = group_fields(keys[1])
  if fields then
    pending = fields.pending
    waiting = redis.call('XLEN', keys[1]) - pending -- what is done is deleted
    local after = redis.call('XRANGE', keys[1], '(' .. fields['last-delivered-id'], '+', 'COUNT', 1)
    if after[1] then
      oldest_waiting = string.match(after[1][1], '%d+')
    end
    if pending > 0 then
      oldest_pending = string.match(redis.call('XPENDING', keys[1], GROUP)[2], '%d+')
    end
  else
    waiting = redis.call('XLEN', keys[1])
  end
  local counts = {}
  for i = 5, #keys do
    local oldest
    local overdue, ending = 0, 0
    if i - 4 > tonumber(args[1]) then
      oldest, overdue, ending = inbox_clocks(keys[i], tonumber(args[2]))
    else
      oldest = redis.call('ZRANGE', keys[i], 0, 0, 'WITHSCORES')[2] or '0'
    end
    counts[#counts + 1] = redis.call('ZCARD', keys[i])
    counts[#counts + 1] = oldest
    counts[#counts + 1] = overdue
    counts[#counts + 1] = ending
  end
  return { waiting, pending, oldest_waiting, oldest_pending, redis.call('ZCARD', keys[2]),
    redis.call('ZCARD', keys[3]), redis.call('HGETALL', keys[4]), counts }
end

redis.register_function { function_name = 'health_v1', callback = health,
  flags = { 'no-writes' } }
