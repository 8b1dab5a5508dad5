-- A country's decided list: an entry is an id, behind it its sealed vector unless there is none.
local ID_BYTES = 36

-- candidates_v1: the decided requests of a country, in order, as far as others are compared with them.
-- KEYS 1 decided  2 by:state:closed  3.. by:state:<state> of those that are compared with no more
-- ARGV 1 first position; negative: counted from the end  2 at most  3 closed_after_ms
-- Reply {epoch, first position, {entry, or '' for one that is compared with no more, ..}}
local function candidates(keys, args)
  local epoch = redis.call('LLEN', keys[1])
  local first = tonumber(args[1])
  if first < 0 then
    first = math.max(0, epoch + first)
  end
  local entries = redis.call('LRANGE', keys[1], first, first + tonumber(args[2]) - 1)
  local ids = {}
  for i, entry in ipairs(entries) do
    ids[i] = string.sub(entry, 1, ID_BYTES)
  end
  for k = 2, #ids > 0 and #keys or 0 do
    for i, score in ipairs(redis.call('ZMSCORE', keys[k], unpack(ids))) do
      if score and (k > 2 or tonumber(score) < tonumber(args[3])) then
        entries[i] = ''
      end
    end
  end
  return { epoch, first, entries }
end

redis.register_function { function_name = 'candidates_v1', callback = candidates,
  flags = { 'no-writes' } }

-- keep_vector_v1: a vector that was computed anew takes the place of an old one, or of none.
-- KEYS 1 decided      ARGV 1 position  2 id  3 sealed vector      Reply 1, or 0: not that id there
redis.register_function('keep_vector_v1', function(keys, args)
  local entry = redis.call('LINDEX', keys[1], args[1])
  if not entry or string.sub(entry, 1, ID_BYTES) ~= args[2] then
    return 0
  end
  redis.call('LSET', keys[1], args[1], args[2] .. args[3])
  return 1
end)
