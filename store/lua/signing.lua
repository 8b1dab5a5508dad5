-- Keys that requests are signed with (rule A-7), and who must sign.

-- signing_put_v1: registers a key. KEYS 1 key  2 keys of its holder (hash id -> expires_ms, those not
-- revoked)  3 events
-- ARGV 1 id  2 who  3 public key  4 label  5 now_ms  6 expires_ms  7 how many may hold at a time
-- Reply 'stored' | 'taken' (by somebody else, or revoked once) | 'full'
redis.register_function('signing_put_v1', function(keys, args)
  local known = redis.call('HMGET', keys[1], 'who', 'revoked')
  local live = 0
  if known[1] then
    if known[1] ~= args[2] or known[2] == '1' then
      return 'taken'
    end
    redis.call('HINCRBY', keys[1], 'replays', 1)
    return 'stored'
  end
  for _, expires in ipairs(redis.call('HVALS', keys[2])) do
    if tonumber(expires) > tonumber(args[5]) then
      live = live + 1
    end
  end
  if live >= tonumber(args[7]) then
    return 'full'
  end
  redis.call('HSET', keys[1], 'who', args[2], 'public', args[3], 'label', args[4], 'issued',
    args[5], 'expires', args[6])
  redis.call('HSET', keys[2], args[1], args[6])
  write_access(keys[3], 'key.register', args[1], args[2], args[2], args[5])
  return 'stored'
end)

-- signing_revoke_v1: KEYS 1 key  2 keys of its holder  3 who must sign  4 events
-- ARGV 1 id  2 who  3 now_ms
-- Reply 'done' | 'absent' | 'last' (who must sign keeps one)
redis.register_function('signing_revoke_v1', function(keys, args)
  local known = redis.call('HMGET', keys[1], 'who', 'revoked')
  local others = 0
  if known[1] ~= args[2] or known[2] == '1' then
    return 'absent'
  end
  local all = redis.call('HGETALL', keys[2])
  for i = 1, #all, 2 do
    if all[i] ~= args[1] and tonumber(all[i + 1]) > tonumber(args[3]) then
      others = others + 1
    end
  end
  if others == 0 and redis.call('HEXISTS', keys[3], args[2]) == 1 then
    return 'last'
  end
  redis.call('HSET', keys[1], 'revoked', 1)
  redis.call('HDEL', keys[2], args[1])
  write_access(keys[4], 'key.revoke', args[1], args[2], args[2], args[3])
  return 'done'
end)

-- signing_require_v1: from now on this holder's requests must be signed, or need not be.
-- KEYS 1 who must sign  2 events      ARGV 1 who  2 '1' or '0'  3 now_ms  4 actor
-- Reply 1, or 0: it was so already
redis.register_function('signing_require_v1', function(keys, args)
  local changed
  if args[2] == '1' then
    changed = redis.call('HSETNX', keys[1], args[1], args[3])
  else
    changed = redis.call('HDEL', keys[1], args[1])
  end
  if changed == 1 then
    write_access(keys[2], args[2] == '1' and 'key.require' or 'key.release', args[1], args[4],
      args[1], args[3])
  end
  return changed
end)

-- signing_list_v1: KEYS 1 keys of a holder  2 who must sign      ARGV 1 who
-- Reply {1 or 0: must sign, id, ..}
redis.register_function { function_name = 'signing_list_v1', flags = { 'no-writes' },
  callback = function(keys, args)
    return { redis.call('HEXISTS', keys[2], args[1]), unpack(redis.call('HKEYS', keys[1])) }
  end }

-- nonce_v1: the first request with a nonce. KEYS 1 nonce      ARGV 1 print of the request  2 ttl_ms
-- Reply 'new' | 'same' (this very request again) | 'used'
redis.register_function('nonce_v1', function(keys, args)
  if redis.call('SET', keys[1], args[1], 'NX', 'PX', args[2]) then
    return 'new'
  end
  return redis.call('GET', keys[1]) == args[1] and 'same' or 'used'
end)

-- credential_v1: a token, and whether its holder's requests must be signed.
-- KEYS 1 token  2 who must sign      Reply {who, digest, .. (token_store.c), 1 or 0, officer or ''}
redis.register_function { function_name = 'credential_v1', flags = { 'no-writes' },
  callback = function(keys)
    local known = redis.call('HMGET', keys[1], 'who', 'digest', 'issued', 'expires', 'revoked',
      'label', 'kid', 'scopes')
    known[9] = known[1] and redis.call('HEXISTS', keys[2], known[1]) or 0
    known[10] = redis.call('HGET', keys[1], 'officer') or ''
    return known
  end }
