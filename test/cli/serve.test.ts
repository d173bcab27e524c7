import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { kandid } from './fake-io.ts';

test('settings are printed, secrets hidden', async () => {
  const words = ['serve', '--port', '0', '-m', 'tiny', '--allow-host', 'a', '--set', 'waiting=7', '--print-config'];
  const { code, out } = await kandid(words, { environment: { KANDID_WEBHOOK_SECRET: 'a-very-secret-secret' } });
  assert.equal(code, 0);
  const settings = JSON.parse(out);
  assert.deepEqual(
    [settings.port, settings.defaultModel, settings.allowedHosts, settings.waiting, settings.webhookSecret],
    [0, 'tiny', ['a'], 7, '(hidden)'],
  );
});

test('what cannot be served is said before anything is opened', async () => {
  const messageOf = async (...words: string[]) => {
    const { code, err } = await kandid(['serve', ...words]);
    assert.equal(code, 2);
    return err;
  };
  assert.match(await messageOf('--port', 'x'), /^Setting port is "x", expected a whole number/);
  assert.match(await messageOf('--set', 'waiting'), /--set is "waiting", expected name=value/);
  assert.match(await messageOf('--host', '0.0.0.0'), /^Setting apiKeys is empty, expected at least one key, because/);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  assert.match(await messageOf('--port', String(port)), /^Setting port is \d+ on 127.0.0.1, expected .*EADDRINUSE/);
  taken.close();
});

test('it serves until it is told to stop, and exits 0', async () => {
  const options = ['--port', '0', '-m', 'tiny', '--device', 'cpu', '--threads', '1', '--log-level', 'silent'];
  const server = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', 'serve', ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines = createInterface({ input: server.stderr });
  const [line] = (await once(lines, 'line')) as [string];
  const url = /http:\S+/.exec(line)?.[0];
  assert.ok(url, line);
  const [health, ready] = await Promise.all([fetch(`${url}/healthz`), fetch(`${url}/readyz`)]);
  assert.deepEqual([health.status, ready.status], [200, 200]);
  server.kill('SIGTERM');
  assert.deepEqual(await once(server, 'exit'), [0, null]);
});
