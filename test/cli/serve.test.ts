import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { commandLine } from '../programs.ts';
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

test('after an uncaught error it accepts no requests, shuts down in order and exits with 1', async () => {
  const words = ['serve', '--port', '0', '-m', 'tiny', '--threads', '1', '--log-level', 'silent'];
  const { code, err } = await kandid(words, { onCrash: (listener) => listener(new Error('a bug')) });
  assert.equal(code, 1);
  assert.match(err, /Kandid stops/);
  assert.match(err, /Something went wrong inside Kandid: a bug\. Please report it\./);
});

test('invalid settings are reported before anything is opened', async () => {
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
  assert.match(
    await messageOf('--port', String(port)),
    new RegExp(`^Port ${port} is in use; try --port ${port + 1}\\.`),
  );
  taken.close();
});

/** `kandid serve` as a process of its own, once it listens. */
async function started(stdout: 'ignore' | 'pipe' | number, ...words: string[]) {
  const options = ['--port', '0', '-m', 'tiny', '--device', 'cpu', '--threads', '1', ...words];
  const child: ChildProcess = spawn(process.execPath, commandLine('serve', ...options), {
    stdio: ['ignore', stdout, 'pipe'],
  });
  const lines = createInterface({ input: child.stderr as Readable });
  const [line] = (await once(lines, 'line')) as [string];
  const url = /http:\S+/.exec(line)?.[0];
  assert.ok(url, line);
  return { child, url };
}

async function endOf(child: ChildProcess) {
  child.kill('SIGTERM');
  return await once(child, 'exit');
}

test('serves until SIGTERM, then exits with 0', async () => {
  const { child, url } = await started('ignore', '--log-level', 'silent');
  const [health, ready] = await Promise.all([fetch(`${url}/healthz`), fetch(`${url}/readyz`)]);
  assert.deepEqual([health.status, ready.status], [200, 200]);
  assert.deepEqual(await endOf(child), [0, null]);
});

const FULL = '/dev/full';
const isThere = existsSync(FULL) ? false : `there is no ${FULL} on this system`;

test('a full disk loses log lines, but not the server', { skip: isThere }, async () => {
  const full = openSync(FULL, 'w');
  const { child, url } = await started(full);
  closeSync(full);
  for (let i = 0; i < 3; i++) assert.equal((await fetch(`${url}/v1/models`)).status, 200);
  const figures = await (await fetch(`${url}/metrics`)).text();
  assert.match(figures, /^kandid_log_lines_lost [1-9]/m);
  assert.deepEqual(await endOf(child), [0, null]);
});

test('a log that nobody reads blocks neither serving nor shutdown', async () => {
  const { child, url } = await started('pipe', '--set', 'drainSeconds=0');
  // More than a pipe holds.
  const long = `${url}/v1/guides/${'x'.repeat(2000)}`;
  for (let i = 0; i < 10; i++) await Promise.all(Array.from({ length: 100 }, () => fetch(long)));
  assert.equal((await fetch(`${url}/v1/models`)).status, 200);
  assert.deepEqual(await endOf(child), [0, null]);
});
