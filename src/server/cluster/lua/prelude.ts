/**
 * Shared by all scripts. Key names are built here from the prefix, so all keys must be in one Redis server, not a Redis
 * Cluster. Times are Redis' own, in milliseconds since 1970 as text; no other clock is used.
 *
 * - `job:ID` hash: the job's fields; `work:ID` its work, until it ends; `result:ID` list: its end and its pictures
 * - `events:ID` stream: all counted events; `shown:ID` short stream: previews and queue positions. Both are numbered by
 *   one counter, `seq`, and the id of an entry is `SEQ-1`
 * - `made:ID:ATTEMPT` list: the pictures of an attempt that is about to end; `words:ID` list: the reasons of its losses
 * - `control:ID` hash: its desired state: cancelled, weights, answers
 * - `queued`, `waiting:QUEUE` waiting jobs by creation time; `unsent` those that BullMQ may not have yet; `running`,
 *   `kept` jobs by start and end time; `client:NAME` a client's jobs by creation time
 * - `open`, `bytes` hashes: a client's open jobs and the bytes of their bodies; `*` the totals
 * - `key:NAME` hash: the job of an idempotency key
 * - `notices` ended jobs whose webhook is due, by the time at which a gateway may claim it (`notices.ts`)
 * - `rate:NAME` hash: a client's remaining requests of this minute (`rates.ts`)
 * - `turns:QUEUE` hash: the turns of its clients (`turns.ts`)
 * - `node:ID` a worker's report, while it is alive
 */
export const PRELUDE = `
local call = redis.call
local prefix = ARGV[1]
local arg = {}
for i = 2, #ARGV do arg[i - 1] = ARGV[i] end
local function key(kind, name)
  if name then return prefix .. ':' .. kind .. ':' .. name end
  return prefix .. ':' .. kind
end
local time = call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))

local function get(id, field) return call('HGET', key('job', id), field) end
local function set(id, ...) call('HSET', key('job', id), ...) end
local function state(id) return get(id, 'state') or 'unknown' end
local function isOpen(id)
  local one = state(id)
  return one == 'queued' or one == 'running'
end
local function isCurrent(id, attempt) return state(id) == 'running' and get(id, 'attempt') == attempt end

-- Adds an event to one of the two streams, which keep the newest.
local function add(stream, id, attempt, most, body)
  local seq = call('HINCRBY', key('job', id), 'seq', 1)
  local name = key(stream, id)
  call('XADD', name, seq .. '-1', 'attempt', attempt, 'at', now, 'event', body)
  local over = call('XLEN', name) - most
  if over > 0 then
    if stream == 'events' then
      local old = call('XRANGE', name, '-', '+', 'COUNT', over)
      set(id, 'forgotten', string.match(old[#old][1], '^%d+'))
    end
    call('XTRIM', name, 'MAXLEN', most)
  end
  call('PUBLISH', key('news', id), seq)
  return seq
end

local function less(hash, field, amount)
  if amount == 0 then return end
  if call('HINCRBY', key(hash), field, -amount) <= 0 then call('HDEL', key(hash), field) end
end

local function waits(id, queue)
  call('ZADD', key('queued'), now, id)
  call('ZADD', key('waiting', queue), now, id)
end
local function waitsNoMore(id, queue)
  call('ZREM', key('queued'), id)
  call('ZREM', key('unsent'), id)
  call('ZREM', key('waiting', queue), id)
end

-- Removes an ended job completely.
local function forget(id)
  local client, idempotency = get(id, 'client'), get(id, 'idempotency')
  if client then call('ZREM', key('client', client), id) end
  if idempotency and idempotency ~= '' then call('DEL', key('key', idempotency)) end
  less('bytes', 'kept', tonumber(get(id, 'keptBytes') or '0'))
  call('ZREM', key('kept'), id)
  call('DEL', key('job', id), key('work', id), key('events', id), key('shown', id), key('control', id), key('result', id))
end
`;
