-- What operators have switched: paused queues and intake, quiet workers, an index to be built anew.
-- Each change is an event of the system's stream in the same step, so that the audit log has it.

-- control_v1: sets or takes back switches.
-- KEYS 1 controls  2 events
-- ARGV 1 action (queue.pause ..)  2 object  3 actor  4 now_ms  5.. field, value or '' to take it back, ..
-- Reply {how many changed, {field, value, ..} as they are now}
-- Keeps: what was set before keeps its value, so that it says since when.
redis.register_function { function_name = 'control_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    local changed = 0
    for i = 5, #args, 2 do
      if args[i + 1] == '' then
        changed = changed + redis.call('HDEL', keys[1], args[i])
      else
        changed = changed + redis.call('HSETNX', keys[1], args[i], args[i + 1])
      end
    end
    if changed > 0 then
      write_access(keys[2], args[1], args[2], args[3], '', args[4])
    end
    return { changed, redis.call('HGETALL', keys[1]) }
  end }

-- rebuild_v1: workers are to build their index anew. KEYS, ARGV 1 to 4 and reply as control_v1
redis.register_function { function_name = 'rebuild_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    redis.call('HSET', keys[1], 'rebuild', args[4])
    write_access(keys[2], args[1], args[2], args[3], '', args[4])
    return { 1, redis.call('HGETALL', keys[1]) }
  end }

-- quiet_v1: a worker is to begin nothing new, until it is resumed or starts again.
-- KEYS 1 controls  2 events  3 workers
-- ARGV 1 action  2 slot  3 actor  4 now_ms  5 '1': quiet, '': resumed
-- Reply {1 changed, 0 not, -1 no such worker, {field, value, ..}}
redis.register_function { function_name = 'quiet_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    local beat = redis.call('HGET', keys[3], args[2])
    local known = redis.call('HGETALL', keys[1])
    for i = 1, #known, 2 do -- of workers that are forgotten
      local slot = string.match(known[i], '^quiet:(.*)$')
      if slot and redis.call('HEXISTS', keys[3], slot) == 0 then
        redis.call('HDEL', keys[1], known[i])
      end
    end
    if not beat then
      return { -1, redis.call('HGETALL', keys[1]) }
    end
    local field, changed = 'quiet:' .. args[2], 0
    if args[5] == '' then
      changed = redis.call('HDEL', keys[1], field)
    else
      local started = string.match(beat, '^%d+ (%d+)')
      if redis.call('HGET', keys[1], field) ~= started then
        redis.call('HSET', keys[1], field, started)
        changed = 1
      end
    end
    if changed > 0 then
      write_access(keys[2], args[1], args[2], args[3], '', args[4])
    end
    return { changed, redis.call('HGETALL', keys[1]) }
  end }

-- operated_v1: notes for the audit log what an operator is about to do.
-- KEYS 1 events      ARGV 1 action  2 object  3 actor  4 now_ms      Reply 1
redis.register_function { function_name = 'operated_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    write_access(keys[1], args[1], args[2], args[3], '', args[4])
    return 1
  end }

-- totals_v1: adds up counters (store/totals.h). KEYS 1 tally      ARGV name, how many more, ..      Reply 1
redis.register_function { function_name = 'totals_v1', flags = { 'allow-oom' },
  callback = function(keys, args)
    for i = 1, #args, 2 do
      redis.call('HINCRBY', keys[1], args[i], args[i + 1])
    end
    return 1
  end }
