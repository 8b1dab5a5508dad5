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
