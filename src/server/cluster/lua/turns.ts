/**
 * Whose turn it is. The turns of a queue are counted: a client's job comes a turn after the client's job before it, and not before
 * the turn that is begun now, so that clients take turns whatever each has waiting.
 */
import { Script } from './script.ts';

/**
 * The turn of a job that comes, and from which turn on they are counted: BullMQ has a limited number of priorities, `span`
 * for the jobs of one `band`. Where they come to their end they are counted from the one that is begun now: `moved`, and those that
 * wait have to be told.
 */
export const TURN = new Script(`
local turns, band, client, span = key('turns', arg[1]), arg[2], arg[3], tonumber(arg[4])
local begun = tonumber(call('HGET', turns, 'begun ' .. band) or '0')
local last = tonumber(call('HGET', turns, 'last ' .. band .. ' ' .. client) or '0')
local from = tonumber(call('HGET', turns, 'from ' .. band) or '0')
local turn = math.max(begun, last + 1)
local moved = turn - from >= span and begun > from
if moved then
  from = begun
  call('HSET', turns, 'from ' .. band, from)
end
call('HSET', turns, 'last ' .. band .. ' ' .. client, turn)
call('PEXPIRE', turns, 86400000)
-- Clients that wait for nothing are not remembered.
if moved or call('HLEN', turns) > 4096 then
  local fields = call('HGETALL', turns)
  for i = 1, #fields, 2 do
    if string.find(fields[i], 'last ' .. band .. ' ', 1, true) == 1 and tonumber(fields[i + 1]) < begun then
      call('HDEL', turns, fields[i])
    end
  end
end
return {string.format('%.0f', turn), string.format('%.0f', from), moved and 'moved' or ''}
`);

/** A job of this turn is begun. */
export const BEGUN = new Script(`
local turns, name, turn = key('turns', arg[1]), 'begun ' .. arg[2], tonumber(arg[3])
if turn > tonumber(call('HGET', turns, name) or '0') then call('HSET', turns, name, turn) end
call('PEXPIRE', turns, 86400000)
return ''
`);
