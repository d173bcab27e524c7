/** Requests per minute, counted for all gateways together. */
import { Script } from './script.ts';

/**
 * Takes one of `most` tokens per period from a token bucket, as `Rates` does in one process. Returns 0, or, without
 * taking one, the milliseconds until one is available. After a whole period a bucket is full, and its key expires.
 */
export const TAKE = new Script(`
local bucket, most, period = key('rate', arg[1]), tonumber(arg[2]), tonumber(arg[3])
local known = call('HMGET', bucket, 'left', 'at')
local left, at = tonumber(known[1] or most), tonumber(known[2] or now)
-- A clock that was set back removes no tokens.
local filled = math.min(most, left + math.max(0, tonumber(now) - at) * most / period)
local wait = 0
if filled >= 1 then filled = filled - 1 else wait = (1 - filled) * period / most end
call('HSET', bucket, 'left', string.format('%.17g', filled), 'at', now)
call('PEXPIRE', bucket, period)
return string.format('%.17g', wait)
`);
