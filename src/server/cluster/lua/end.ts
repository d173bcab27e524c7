/** Ends jobs, each exactly once. */
import { Script } from './script.ts';

/**
 * Ends a job: with an attempt, if that is the current one; with attempt 0, if it waits. Its pictures are already in a
 * list of their own, which becomes the result, after the end itself. Returns `ended`, or `over` if this end does not
 * apply.
 *
 * Ended jobs are kept within limits on number, bytes and time.
 */
export const END = new Script(`
local id, attempt, kind, body, made = arg[1], arg[2], arg[3], arg[4], arg[5]
local ttl, mostKept, mostBytes = arg[6], tonumber(arg[7]), tonumber(arg[8])
local isHow = isCurrent(id, attempt)
if attempt == '0' then isHow = state(id) == 'queued' end
if not isHow then
  call('DEL', made)
  return 'over'
end
local queue, client, bytes = get(id, 'queue'), get(id, 'client'), tonumber(get(id, 'bytes'))
local result = key('result', id)
call('DEL', result)
if call('EXISTS', made) == 1 then call('RENAME', made, result) end
call('LPUSH', result, body)
set(id, 'state', kind, 'finished', now, 'holder', '')
add('events', id, math.max(1, tonumber(get(id, 'attempt'))), 100000, 'end')

waitsNoMore(id, queue)
call('ZREM', key('running'), id)
less('open', client, 1)
less('bytes', client, bytes)
less('bytes', '*', bytes)
call('DEL', key('work', id), key('shown', id), key('control', id), key('words', id))

local keep = get(id, 'keep') == '1'
local size = 0
for i = 0, call('LLEN', result) - 1 do size = size + #call('LINDEX', result, i) end
for _, entry in ipairs(call('XRANGE', key('events', id), '-', '+')) do size = size + #entry[2][6] end
set(id, 'keptBytes', size)
call('HINCRBY', key('bytes'), 'kept', size)
call('ZADD', key('kept'), now, id)
local life = keep and ttl or math.min(tonumber(ttl), 30000)
for _, name in ipairs({'job', 'events', 'result'}) do call('PEXPIRE', key(name, id), life) end
local idempotency = get(id, 'idempotency')
if idempotency ~= '' then call('PEXPIRE', key('key', idempotency), life) end

if get(id, 'notify') then
  call('ZADD', key('notices'), now, id)
  call('PUBLISH', key('notices'), id)
end

local function oldest() return call('ZRANGE', key('kept'), 0, 0, 'WITHSCORES') end
local function isTooMuch(at)
  if call('ZCARD', key('kept')) <= 1 then return false end
  return tonumber(at) < tonumber(now) - tonumber(ttl) or call('ZCARD', key('kept')) > mostKept
    or tonumber(call('HGET', key('bytes'), 'kept') or '0') > mostBytes
end
local old = oldest()
while old[1] and isTooMuch(old[2]) do
  forget(old[1])
  old = oldest()
end
return 'ended'
`);
