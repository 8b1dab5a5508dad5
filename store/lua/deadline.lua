-- shift_v1: corrects one entry of the index of deadlines, unless it has moved meanwhile.
-- KEYS 1 deadlines      ARGV 1 id  2 where it was seen (ms)  3 where it belongs (ms), 0: nowhere
-- Reply 1, or 0 when it was not there any more
local function shift(keys, args)
  if tonumber(redis.call('ZSCORE', keys[1], args[1]) or 'nan') ~= tonumber(args[2]) then
    return 0
  end
  if args[3] == '0' then
    redis.call('ZREM', keys[1], args[1])
  else
    redis.call('ZADD', keys[1], args[3], args[1])
  end
  return 1
end

redis.register_function { function_name = 'shift_v1', callback = shift, flags = { 'allow-oom' } }

-- waking_v1: members of a list of ids, each with where it stands in the index of deadlines.
-- KEYS 1 by:state:<state>, or deadlines itself  2 deadlines
-- ARGV 1 rank to start from  2 at most
-- Reply {id, ms or '', ..}
redis.register_function { function_name = 'waking_v1', flags = { 'no-writes' },
  callback = function(keys, args)
    local first = tonumber(args[1])
    local reply = {}
    for _, id in ipairs(redis.call('ZRANGE', keys[1], first, first + tonumber(args[2]) - 1)) do
      reply[#reply + 1] = id
      reply[#reply + 1] = redis.call('ZSCORE', keys[2], id) or ''
    end
    return reply
  end }

-- mend_waking_v1: puts a request at its place in the index, unless request or entry have moved
-- since they were looked at.
-- KEYS 1 deadlines  2 req:<id>
-- ARGV 1 id  2 its version, '' when there is no such request
--      3 where it was seen (ms), '' for nowhere  4 where it belongs (ms), 0: nowhere
-- Reply 1 when something was changed
local function mend_waking(keys, args)
  local at = redis.call('ZSCORE', keys[1], args[1])
  if (redis.call('HGET', keys[2], 'version') or '') ~= args[2]
    or (at and tonumber(at)) ~= (args[3] ~= '' and tonumber(args[3])) then
    return 0
  end
  if args[4] == '0' then
    return redis.call('ZREM', keys[1], args[1])
  end
  redis.call('ZADD', keys[1], args[4], args[1])
  return 1
end

redis.register_function { function_name = 'mend_waking_v1', callback = mend_waking,
  flags = { 'allow-oom' } }
