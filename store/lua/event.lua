-- retire_v1: takes old events out of a stream, never one that somebody still has to read: it is
-- behind the checkpoint of the audit log, and every group has had it and let go of it. Entries are
-- deleted by name, as many as were read: nothing is trimmed (R-23).
-- KEYS 1 events  2 audited
-- ARGV 1 the oldest that stay (ms)  2 at most
-- Reply {deleted, 1 when there may be more}
local function retire(keys, args)
  local bounds = {}
  local audited = redis.call('GET', keys[2])
  if not audited or redis.call('EXISTS', keys[1]) == 0 then
    return { 0, 0 }
  end
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', keys[1])) do
    local fields = {}
    for i = 1, #group, 2 do
      fields[group[i]] = group[i + 1]
    end
    local pending = redis.call('XPENDING', keys[1], fields.name)
    bounds[#bounds + 1] = { last = fields['last-delivered-id'], first_pending = pending[2] }
  end
  local entries = redis.call('XRANGE', keys[1], '-', '(' .. args[1] .. '-0', 'COUNT', args[2])
  local n = 0
  for _, entry in ipairs(entries) do
    local id = entry[1]
    local free = not is_after(id, audited)
    for _, b in ipairs(bounds) do
      free = free and not is_after(id, b.last)
        and (not b.first_pending or is_after(b.first_pending, id))
    end
    if not free then
      return { n, 0 }
    end
    redis.call('XDEL', keys[1], id)
    n = n + 1
  end
  return { n, n == tonumber(args[2]) and 1 or 0 }
end

redis.register_function { function_name = 'retire_v1', callback = retire,
  flags = { 'allow-oom' } }
