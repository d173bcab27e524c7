/** The desired state of jobs, and their subscribers. */
import { Script } from './script.ts';

/** Sets fields of an open job's desired state; `drop` is never reduced to `cancel`. Returns the job's state. */
export const SET_DESIRED = new Script(`
local id = arg[1]
if not isOpen(id) then return state(id) end
for i = 2, #arg, 2 do
  local before = call('HGET', key('control', id), arg[i])
  if not (arg[i] == 'cancelled' and before == 'drop') then call('HSET', key('control', id), arg[i], arg[i + 1]) end
end
call('PEXPIRE', key('control', id), call('PTTL', key('job', id)))
call('PUBLISH', key('orders', id), '')
return state(id)
`);

/** Records that these jobs have subscribers. */
export const WATCHED = new Script(`
for _, id in ipairs(arg) do
  if isOpen(id) then set(id, 'watched', now) end
end
return 'ok'
`);

/** Of these jobs, those without subscribers for longer than they allow, and for more than `grace` seconds. */
export const ABANDONED = new Script(`
local grace = tonumber(arg[1])
local found = {}
for i = 2, #arg do
  local id = arg[i]
  local abandon = get(id, 'abandonSeconds')
  if abandon and isOpen(id) and tonumber(now) - tonumber(get(id, 'watched')) > 1000 * math.max(grace, tonumber(abandon)) then
    table.insert(found, id)
  end
end
return found
`);
