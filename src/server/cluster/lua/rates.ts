/** Requests of a minute, counted for all gateways together. */
import { Script } from './script.ts';

/**
 * Takes one of the `most` of a period: a token bucket, as `Rates` has it for one process. Answers 0, or the milliseconds until there is one
 * again, and takes none then. After a whole period a bucket is full, and need not be remembered.
 */
export const TAKE = new Script(`
local bucket, most, period = key('rate', arg[1]), tonumber(arg[2]), tonumber(arg[3])
local known = call('HMGET', bucket, 'left', 'at')
local left, at = tonumber(known[1] or most), tonumber(known[2] or now)
-- A clock that was set back takes nothing away.
local filled = math.min(most, left + math.max(0, tonumber(now) - at) * most / period)
local wait = 0
if filled >= 1 then filled = filled - 1 else wait = (1 - filled) * period / most end
call('HSET', bucket, 'left', string.format('%.17g', filled), 'at', now)
call('PEXPIRE', bucket, period)
return string.format('%.17g', wait)
`);
