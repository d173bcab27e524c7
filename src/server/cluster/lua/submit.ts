/** Admits jobs. */
import { Script } from './script.ts';

/**
 * Admits a job, unless a limit or an idempotency key prevents it. Returns `known ID`, `conflict`, `full WAITING`, `busy
 * OPEN`, `bytes client`, `bytes all`, or `new CREATED`.
 */
export const SUBMIT = new Script(`
local id, client, queue, idempotency, fingerprint = arg[1], arg[2], arg[3], arg[4], arg[5]
local mostWaiting, mostOpen = tonumber(arg[6]), tonumber(arg[7])
local bytes, mostBytes, mostBytesAll = tonumber(arg[8]), tonumber(arg[9]), tonumber(arg[10])
local ttl, queued, work, record = arg[11], arg[12], arg[13], cjson.decode(arg[14])

if idempotency ~= '' then
  local known = call('HMGET', key('key', idempotency), 'job', 'fingerprint')
  if known[1] and call('EXISTS', key('job', known[1])) == 1 then
    if known[2] ~= fingerprint then return {'conflict'} end
    return {'known', known[1]}
  end
end
local open = tonumber(call('HGET', key('open'), client) or '0')
if open >= mostOpen then return {'busy', tostring(open)} end
local waiting = call('ZCARD', key('queued'))
if waiting >= mostWaiting then return {'full', tostring(waiting)} end
if tonumber(call('HGET', key('bytes'), client) or '0') + bytes > mostBytes then return {'bytes', 'client'} end
if tonumber(call('HGET', key('bytes'), '*') or '0') + bytes > mostBytesAll then return {'bytes', 'all'} end

for field, value in pairs(record) do set(id, field, value) end
set(id, 'state', 'queued', 'created', now, 'queue', queue, 'client', client, 'idempotency', idempotency, 'attempt', 0,
  'losses', 0, 'seq', -1, 'appended', 0, 'bytes', bytes, 'position', waiting, 'watched', now)
call('SET', key('work', id), work, 'PX', ttl)
add('shown', id, 1, 1, queued)
for _, kind in ipairs({'job', 'shown'}) do call('PEXPIRE', key(kind, id), ttl) end
if idempotency ~= '' then
  call('HSET', key('key', idempotency), 'job', id, 'fingerprint', fingerprint)
  call('PEXPIRE', key('key', idempotency), ttl)
end
call('HINCRBY', key('open'), client, 1)
call('HINCRBY', key('bytes'), client, bytes)
call('HINCRBY', key('bytes'), '*', bytes)
call('ZADD', key('client', client), now, id)
call('PEXPIRE', key('client', client), ttl)
call('SADD', key('queues'), queue)
call('ZADD', key('unsent'), now, id)
waits(id, queue)
return {'new', now}
`);

/** Records that BullMQ has the job, so that it need not be added again. */
export const SENT = new Script(`
call('ZREM', key('unsent'), arg[1])
return ''
`);

/** Jobs admitted at least `age` ms ago that BullMQ may not have, because their gateway died in between. */
export const UNSENT = new Script(`
return call('ZRANGEBYSCORE', key('unsent'), '-inf', tonumber(now) - tonumber(arg[1]), 'LIMIT', 0, 100)
`);
