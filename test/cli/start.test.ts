import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';

const isWindows = process.platform === 'win32' ? 'there are no signals on Windows' : false;

const PATIENCE_MS = 20_000;

test('SIGTERM to npm start, as by a supervisor, ends the server', { skip: isWindows, timeout: 120_000 }, async () => {
  const options = ['--port', '0', '-m', 'tiny', '--device', 'cpu', '--threads', '1', '--log-level', 'silent'];
  const npm = spawn('npm', ['start', '--silent', '--', ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  try {
    let url: string | undefined;
    for await (const line of createInterface({ input: npm.stderr })) {
      url = /listens on (http:\S+)/.exec(line)?.[1];
      if (url) break;
    }
    assert.ok(url);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    npm.kill('SIGTERM');
    const end = performance.now() + PATIENCE_MS;
    while (await isListening(url)) assert.ok(performance.now() < end, 'the server is still there');
  } finally {
    endGroup(npm.pid ?? 0);
  }
});

test('npm start --port, without -- in between, is understood', { timeout: 120_000 }, () => {
  for (const words of [['--port', '70000'], ['--port=70000']]) {
    const { stderr, status } = spawnSync('npm', ['start', '--silent', ...words], { encoding: 'utf8' });
    assert.equal(status, 2, stderr);
    assert.match(stderr, /70000/);
    assert.doesNotMatch(stderr, /Too many arguments/);
  }
});

/** Whatever is left of it, should the test have failed. */
function endGroup(pid: number): void {
  try {
    if (pid > 0) process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing is.
  }
}

async function isListening(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isOpen;
}

test("installing runs nobody's scripts, and asks npm for nothing that it does not know", () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  // With ignore-scripts npm runs none of these, so nothing may stand on them.
  const hooks = Object.keys(scripts).filter((name) => /^(pre|post)|^(prepare|install)$/.test(name));
  assert.deepEqual(hooks, []);
  assert.match(readFileSync('.npmrc', 'utf8'), /^ignore-scripts=true$/m);
  const { stderr, status } = spawnSync('npm', ['config', 'get', 'ignore-scripts'], { encoding: 'utf8' });
  assert.equal(status, 0);
  assert.doesNotMatch(stderr, /unknown/i);
});
