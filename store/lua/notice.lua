-- Notices: what somebody is to be told of an event, by mail or to a webhook.
--
--   announce_v1 --> waiting --begin_notice_v1, settle_notice_v1--> sent | dead | dropped
--                      ^ settle 'later' |                             |
--                      +----------------+------- requeue_notice_v1 ---+
--
-- Whoever begins one has taken it for a while (take_notices_v1): it comes back by itself when its
-- worker dies. So each one is sent at least once, always under the same id.
local TELLERS = 'deliver'

-- deliver_group_v1: makes the group on an event stream, from its first entry on, unless it is there.
-- KEYS 1 events      Reply: 'made' or 'there'
redis.register_function { function_name = 'deliver_group_v1', flags = { 'allow-oom' },
  callback = function(keys)
    local known = redis.pcall('XINFO', 'GROUPS', keys[1])
    for _, group in ipairs(known.err and {} or known) do
      for i = 1, #group, 2 do
        if group[i] == 'name' and group[i + 1] == TELLERS then
          return 'there'
        end
      end
    end
    redis.call('XGROUP', 'CREATE', keys[1], TELLERS, '0', 'MKSTREAM')
    return 'made'
  end }

-- announce_v1: all notices of one event, and the event is done with; or none of it.
-- KEYS 1 events  2 outgoing  3 undelivered  4 stats  5.. for each notice: itself, its list
-- ARGV 1 entry of the event, '' when there is none  2 now_ms  3 kept for ms  4 how many, then for
--      each: id, due_ms or 'dead', number of fields, name and value of each
-- Reply {made} | {-1}: another worker has done this event
-- Keeps: a notice is made once, since its id follows from event and recipient.
local function announce(keys, args)
  local entry, now, keep = args[1], args[2], args[3]
  if entry ~= '' and #redis.call('XPENDING', keys[1], TELLERS, entry, entry, 1) == 0 then
    return { -1 }
  end
  local at, key, made = 5, 5, 0
  for _ = 1, tonumber(args[4]) do
    local id, due, fields = args[at], args[at + 1], tonumber(args[at + 2])
    if redis.call('EXISTS', keys[key]) == 0 then
      local dead = due == 'dead'
      redis.call('HSET', keys[key], 'state', dead and 'dead' or 'waiting', 'made', now, 'tries', 0,
        unpack(args, at + 3, at + 2 + 2 * fields))
      redis.call('ZADD', keys[dead and 3 or 2], dead and now or due, id)
      if not dead then
        redis.call('PEXPIRE', keys[key], keep)
      end
      redis.call('ZADD', keys[key + 1], now, id)
      redis.call('ZREMRANGEBYSCORE', keys[key + 1], '-inf', tonumber(now) - tonumber(keep))
      redis.call('HINCRBY', keys[4], 'notice:made:' .. args[at + 4], 1) -- the first field is `kind`
      if dead then
        redis.call('HINCRBY', keys[4], 'notice:dead:' .. args[at + 4], 1)
      end
      made = made + 1
    end
    at = at + 3 + 2 * fields
    key = key + 2
  end
  if entry ~= '' then
    redis.call('XACK', keys[1], TELLERS, entry)
  end
  return { made }
end

redis.register_function { function_name = 'announce_v1', callback = announce,
  flags = { 'allow-oom' } }

-- take_notices_v1: those whose time has come, for this caller alone until the lease ends.
-- KEYS 1 outgoing      ARGV 1 now_ms  2 lease_ms  3 at most      Reply: ids
redis.register_function { function_name = 'take_notices_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    local ids = redis.call('ZRANGE', keys[1], '-inf', args[1], 'BYSCORE', 'LIMIT', 0, args[3])
    for _, id in ipairs(ids) do
      redis.call('ZADD', keys[1], tonumber(args[1]) + tonumber(args[2]), id)
    end
    return ids
  end }

-- begin_notice_v1: one attempt begins; counted before it is made, since it may end its worker.
-- KEYS 1 notice  2 outgoing      ARGV 1 id
-- Reply: its fields; {} when there is nothing to do
redis.register_function { function_name = 'begin_notice_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    if redis.call('HGET', keys[1], 'state') ~= 'waiting' then
      redis.call('ZREM', keys[2], args[1])
      return {}
    end
    redis.call('HINCRBY', keys[1], 'tries', 1)
    return redis.call('HGETALL', keys[1])
  end }

-- settle_notice_v2: what became of an attempt.
-- KEYS 1 notice  2 outgoing  3 undelivered  4 stats
-- ARGV 1 id  2 sent, later, back (not counted as an attempt), dead or dropped  3 now_ms  4 due_ms  5 status
--      6 sealed answer or ''  7 kind  8 bucket of how long it waited behind its time, or ''  9 ms of that
-- Reply 1, or 0: it had been settled meanwhile
local function settle(keys, args)
  local id, what, now = args[1], args[2], args[3]
  if redis.call('HGET', keys[1], 'state') ~= 'waiting' then
    return 0
  end
  if what == 'back' then
    redis.call('HINCRBY', keys[1], 'tries', -1)
    redis.call('ZADD', keys[2], args[4], id)
    return 1
  end
  redis.call('HSET', keys[1], 'status', args[5], 'last', now, 'answer', args[6])
  redis.call('HINCRBY', keys[4], 'notice:' .. what .. ':' .. args[7], 1)
  if (args[8] or '') ~= '' then
    redis.call('HINCRBY', keys[4], 'told:' .. args[8], 1)
    redis.call('HINCRBY', keys[4], 'told_ms', args[9])
  end
  if what == 'later' then
    redis.call('ZADD', keys[2], args[4], id)
    return 1
  end
  redis.call('HSET', keys[1], 'state', what)
  redis.call('ZREM', keys[2], id)
  if what == 'dead' then -- kept until somebody has looked at it
    redis.call('PERSIST', keys[1])
    redis.call('ZADD', keys[3], now, id)
  end
  return 1
end

redis.register_function { function_name = 'settle_notice_v2', callback = settle,
  flags = { 'allow-oom' } }
-- Of the release before, whose workers do not say how long it waited.
redis.register_function { function_name = 'settle_notice_v1', callback = settle,
  flags = { 'allow-oom' } }

-- deliver_health_v1: the numbers of one partition's notices and of events that nobody was told of yet.
-- KEYS 1 outgoing  2 undelivered  3 events      ARGV 1 now_ms
-- Reply {due, later or on their way, earliest due ms or '0', undelivered, events waiting or -1: unknown,
--        events in work, oldest event waiting ms or '0'}
redis.register_function { function_name = 'deliver_health_v1', flags = { 'no-writes' },
  callback = function(keys, args)
    local due = redis.call('ZCOUNT', keys[1], '-inf', args[1])
    local first = redis.call('ZRANGE', keys[1], 0, 0, 'WITHSCORES')[2] or '0'
    local waiting, pending, oldest = redis.call('XLEN', keys[3]), 0, '0' -- without a group: all
    local known = redis.pcall('XINFO', 'GROUPS', keys[3])
    for _, group in ipairs(known.err and {} or known) do
      local fields = {}
      for i = 1, #group, 2 do
        fields[group[i]] = group[i + 1]
      end
      if fields.name == TELLERS then
        pending = fields.pending
        waiting = fields.lag or -1
        local after = redis.call('XRANGE', keys[3], '(' .. fields['last-delivered-id'], '+', 'COUNT', 1)
        if after[1] then
          oldest = string.match(after[1][1], '%d+')
        end
      end
    end
    return { due, redis.call('ZCARD', keys[1]) - due, due > 0 and first or '0',
      redis.call('ZCARD', keys[2]), waiting, pending, oldest }
  end }

-- delete_notice_v1: a dead one is given up for good; it is kept for a while for who looks at deliveries.
-- KEYS 1 notice  2 undelivered      ARGV 1 id  2 kept for ms      Reply 1, or 0: it is not dead
redis.register_function { function_name = 'delete_notice_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    if redis.call('HGET', keys[1], 'state') ~= 'dead' then
      return 0
    end
    redis.call('HSET', keys[1], 'state', 'dropped')
    redis.call('PEXPIRE', keys[1], args[2])
    redis.call('ZREM', keys[2], args[1])
    return 1
  end }

-- requeue_notice_v1: all attempts anew, under the same id.
-- KEYS 1 notice  2 outgoing  3 undelivered  4 stats
-- ARGV 1 id  2 now_ms  3 kept for ms  4 '1': also one that was sent      Reply 1 or 0
redis.register_function { function_name = 'requeue_notice_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    local state = redis.call('HGET', keys[1], 'state')
    if not state or (state ~= 'dead' and state ~= 'waiting' and args[4] ~= '1') then
      return 0
    end
    redis.call('HSET', keys[1], 'state', 'waiting', 'tries', 0)
    redis.call('PEXPIRE', keys[1], args[3])
    redis.call('ZREM', keys[3], args[1])
    redis.call('ZADD', keys[2], args[2], args[1])
    if state ~= 'waiting' then
      redis.call('HINCRBY', keys[4], 'notice:again:' .. redis.call('HGET', keys[1], 'kind'), 1)
    end
    return 1
  end }
