/** Webhooks that are still to be called. */
import { Script } from './script.ts';

/** Claims some of them, no more than `most`, for `lease` ms: whoever has one and dies leaves it to others. */
export const CLAIM = new Script(`
local lease, most = tonumber(arg[1]), arg[2]
local due = call('ZRANGEBYSCORE', key('notices'), '-inf', now, 'LIMIT', 0, most)
for _, id in ipairs(due) do call('ZADD', key('notices'), string.format('%.0f', tonumber(now) + lease), id) end
return due
`);

/** It is still being called. */
export const RENEW = new Script(`
call('ZADD', key('notices'), 'XX', string.format('%.0f', tonumber(now) + tonumber(arg[2])), arg[1])
return ''
`);
