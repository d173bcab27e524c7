/** Webhooks that are due. */
import { Script } from './script.ts';

/** Claims at most `most` of them for `lease` ms; if a gateway dies, its claims expire and go to others. */
export const CLAIM = new Script(`
local lease, most = tonumber(arg[1]), arg[2]
local due = call('ZRANGEBYSCORE', key('notices'), '-inf', now, 'LIMIT', 0, most)
for _, id in ipairs(due) do call('ZADD', key('notices'), string.format('%.0f', tonumber(now) + lease), id) end
return due
`);

/** Extends a claim while the webhook is being called. */
export const RENEW = new Script(`
call('ZADD', key('notices'), 'XX', string.format('%.0f', tonumber(now) + tonumber(arg[2])), arg[1])
return ''
`);
