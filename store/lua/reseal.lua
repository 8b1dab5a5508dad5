-- Values that are sealed with an old key get the new one (format rule F-3): compare and set, so that
-- whatever was written meanwhile stays.

-- reseal_field_v1: KEYS 1 hash      ARGV 1 field  2 value as it was read  3 value to be
-- Reply 1, or 0: it is another one by now
redis.register_function { function_name = 'reseal_field_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    if redis.call('HGET', keys[1], args[1]) ~= args[2] then
      return 0
    end
    redis.call('HSET', keys[1], args[1], args[3])
    return 1
  end }

-- reseal_entry_v1: KEYS 1 list      ARGV 1 position  2 value as it was read  3 value to be
-- Reply 1, or 0: it is another one by now, or has moved
redis.register_function { function_name = 'reseal_entry_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    if redis.call('LINDEX', keys[1], args[1]) ~= args[2] then
      return 0
    end
    redis.call('LSET', keys[1], args[1], args[3])
    return 1
  end }

-- token_rehash_v1: the digest of a token under the key that is active now, made when its secret was
-- shown. KEYS 1 token      ARGV 1 digest as it was read  2 digest to be  3 its kid      Reply 1 or 0
redis.register_function('token_rehash_v1', function(keys, args)
  if redis.call('HGET', keys[1], 'digest') ~= args[1] then
    return 0
  end
  redis.call('HSET', keys[1], 'digest', args[2], 'kid', args[3])
  return 1
end)
