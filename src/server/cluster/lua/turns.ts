/**
 * Turns of clients. The turns of a queue are numbered: a client's job gets the turn after that of its previous job, but
 * not one before the current turn, so that clients take turns however many jobs each has waiting.
 */
import { Script } from './script.ts';

/**
 * The turn of a new job, and the first turn of the current numbering: BullMQ has a limited number of priorities, `span`
 * for the jobs of one `band`. When they run out, numbering restarts from the current turn: `moved`, and the priorities
 * of waiting jobs must be updated.
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
-- Clients without waiting jobs are removed.
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

/** Records that a job of this turn has started. */
export const BEGUN = new Script(`
local turns, name, turn = key('turns', arg[1]), 'begun ' .. arg[2], tonumber(arg[3])
if turn > tonumber(call('HGET', turns, name) or '0') then call('HSET', turns, name, turn) end
call('PEXPIRE', turns, 86400000)
return ''
`);
