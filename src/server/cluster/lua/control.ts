/** What is wanted of a job, and who watches it. */
import { Script } from './script.ts';

/** Fields of what is wanted of a job that is open; `cancelled` does not become less. Answers its state. */
export const WANT = new Script(`
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

/** Somebody watches these jobs. */
export const WATCHED = new Script(`
for _, id in ipairs(arg) do
  if isOpen(id) then set(id, 'watched', now) end
end
return 'ok'
`);

/** Of these jobs, those that nobody has watched for as long as they say, and for `grace` seconds. */
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
