/** Scripts of running jobs: start, events, losses. */
import { Script } from './script.ts';

/**
 * Starts a job that a worker has claimed. Returns `begun ATTEMPT ELAPSED` (milliseconds since its creation), or why it
 * must not run: `over` (it has ended), `held` (another live worker still runs it), `cancelled`, `abandoned` (without
 * subscribers for too long), `late` (past its deadline), or `spent WORDS…` (lost too often). A worker without a
 * heartbeat has lost the job that it holds.
 */
export const BEGIN = new Script(`
local id, node, most, queued, grace = arg[1], arg[2], tonumber(arg[3]), arg[4], tonumber(arg[5])
if not isOpen(id) then return {'over'} end
local queue = get(id, 'queue')
if state(id) == 'running' then
  local holder = get(id, 'holder')
  if holder ~= node and call('EXISTS', key('node', holder)) == 1 then return {'held'} end
  call('HINCRBY', key('job', id), 'losses', 1)
  call('RPUSH', key('words', id), 'worker ' .. holder .. ' shows no sign of life')
  call('PEXPIRE', key('words', id), 86400000)
  set(id, 'state', 'queued', 'appended', 0)
  add('shown', id, get(id, 'attempt'), 1, queued)
end
waitsNoMore(id, queue)
if tonumber(get(id, 'losses')) >= most then
  return {'spent', unpack(call('LRANGE', key('words', id), 0, -1))}
end
if (call('HGET', key('control', id), 'cancelled') or '') ~= '' then return {'cancelled'} end
local deadline, abandon = tonumber(get(id, 'deadlineSeconds') or '0'), get(id, 'abandonSeconds')
if deadline > 0 and tonumber(now) > tonumber(get(id, 'created')) + 1000 * deadline then return {'late', tostring(deadline)} end
if abandon and tonumber(now) - tonumber(get(id, 'watched')) > 1000 * math.max(grace, tonumber(abandon)) then
  return {'abandoned'}
end
call('HSETNX', key('job', id), 'started', now)
set(id, 'state', 'running', 'holder', node, 'appended', 0)
call('ZADD', key('running'), now, id)
local elapsed = string.format('%.0f', tonumber(now) - tonumber(get(id, 'created')))
return {'begun', tostring(call('HINCRBY', key('job', id), 'attempt', 1)), elapsed}
`);

/**
 * Adds the event with this `number` of an attempt. Returns `added`; `known` if it was added before (a retry after a
 * lost reply); `early` if its predecessor is missing; `over` if the attempt is not current.
 */
export const APPEND = new Script(`
local id, attempt, number, stream, most, body = arg[1], arg[2], tonumber(arg[3]), arg[4], tonumber(arg[5]), arg[6]
if not isCurrent(id, attempt) then return 'over' end
local appended = tonumber(get(id, 'appended'))
if number <= appended then return 'known' end
if number > appended + 1 then return 'early' end
set(id, 'appended', number)
add(stream, id, attempt, most, body)
call('PEXPIRE', key(stream, id), call('PTTL', key('job', id)))
return 'added'
`);

/**
 * Reports an attempt as lost: its process is gone (`counts` 1), or its worker stops (`counts` 0). Returns `again`,
 * `over`, `cancelled`, or `spent WORDS…` if it was lost too often: then its worker must end it.
 */
export const LOST = new Script(`
local id, attempt, counts, words, most, queued = arg[1], arg[2], tonumber(arg[3]), arg[4], tonumber(arg[5]), arg[6]
if not isCurrent(id, attempt) then return {'over'} end
if counts > 0 then
  call('RPUSH', key('words', id), words)
  call('PEXPIRE', key('words', id), 86400000)
end
if call('HINCRBY', key('job', id), 'losses', counts) >= most then
  return {'spent', unpack(call('LRANGE', key('words', id), 0, -1))}
end
if (call('HGET', key('control', id), 'cancelled') or '') ~= '' then return {'cancelled'} end
set(id, 'state', 'queued', 'holder', '', 'position', 0)
call('ZREM', key('running'), id)
waits(id, get(id, 'queue'))
call('ZREM', key('unsent'), id)
add('shown', id, attempt, 1, queued)
return {'again'}
`);

/**
 * Of these attempts (alternating job and number), the jobs of those that are not current: another one runs, or the job
 * has ended.
 */
export const SUPERSEDED = new Script(`
local found = {}
for i = 1, #arg, 2 do
  if not isCurrent(arg[i], arg[i + 1]) then table.insert(found, arg[i]) end
end
return found
`);

/** Updates the position of a waiting job. */
export const PLACE = new Script(`
local id, position, queued = arg[1], arg[2], arg[3]
if state(id) ~= 'queued' or get(id, 'position') == position then return 'same' end
set(id, 'position', position)
add('shown', id, math.max(1, tonumber(get(id, 'attempt'))), 1, queued)
return 'told'
`);
