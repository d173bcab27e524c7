import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type McpSession, McpSessions } from '../../../src/server/mcp/sessions.ts';
import { FakeClock } from '../../clock.ts';

function tableOf() {
  const clock = new FakeClock();
  const ended: string[] = [];
  const sessions = new McpSessions({ all: 3, perClient: 2 }, clock);
  const begin = async (id: string, client: string) => {
    await sessions.admit(client);
    const close = async () => void ended.push(id);
    sessions.add(id, { client, close } as unknown as McpSession);
  };
  return { clock, sessions, ended, begin };
}

test('the number is limited per client and in total', async () => {
  const { begin } = tableOf();
  await begin('1', 'a');
  await begin('2', 'a');
  await assert.rejects(begin('3', 'a'), { code: 'sockets_full', details: { open: 2, retrySeconds: 5 } });
  await begin('3', 'b');
  await assert.rejects(begin('4', 'c'), { code: 'sockets_full', details: { open: 3, retrySeconds: 5 } });
});

test('a session unused for half an hour is replaced by the next; one in use is not', async () => {
  const { clock, sessions, ended, begin } = tableOf();
  await begin('1', 'a');
  await begin('2', 'a');
  clock.pass(20 * 60_000);
  sessions.find('1', 'a');
  clock.pass(11 * 60_000);
  await begin('3', 'a');
  assert.deepEqual(ended, ['2']);
  assert.throws(() => sessions.find('2', 'a'), { code: 'session_unknown' });
});

test('a session is visible to its client only, closed once, and all are closed at the end', async () => {
  const { sessions, ended, begin } = tableOf();
  await begin('1', 'a');
  await begin('2', 'b');
  assert.throws(() => sessions.find('1', 'b'), { code: 'session_unknown' });
  await Promise.all([sessions.end('1'), sessions.end('1')]);
  await sessions.close();
  assert.deepEqual([ended, sessions.size], [['1', '2'], 0]);
});
