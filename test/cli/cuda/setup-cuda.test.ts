import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { kandid } from '../fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-setup-cuda-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const onLinux = { skip: process.platform !== 'linux' || process.arch !== 'x64' };

test('setup-cuda has a help page, but no line on that of all commands', async () => {
  const { code, out } = await kandid(['setup-cuda', '--help']);
  assert.equal(code, 0);
  for (const option of ['--check', '--wheels', '--fetch', '--index', '--cache', '--nuget'])
    assert.ok(out.includes(option));
  assert.doesNotMatch((await kandid(['--help'])).out, /setup-cuda/);
});

test('a folder without wheels: which one is missing, and how to fill it', onLinux, async () => {
  const words = ['setup-cuda', '--wheels', join(folder, 'none'), '--cache', join(folder, 'cache')];
  const { code, err } = await kandid(words);
  assert.equal(code, 1);
  assert.match(err, /none has no onnxruntime_gpu-\S+\.whl\. Fill the folder .*--fetch/);
  assert.deepEqual(readdirSync(join(folder, 'cache')), []);
});

test('an index that is none', onLinux, async () => {
  const { code, err } = await kandid(['setup-cuda', '--index', 'file:///wheels']);
  assert.equal(code, 2);
  assert.match(err, /^--index is "file:\/\/\/wheels", expected an address with https:/);
});

test('an index that cannot be reached: what to try', onLinux, async () => {
  const words = ['setup-cuda', '--fetch', join(folder, 'wheels'), '--index', 'http://127.0.0.1:9/simple'];
  const { code, err } = await kandid(words, { environment: { NO_PROXY: '*' } });
  assert.equal(code, 1);
  assert.match(
    err,
    /onnxruntime_gpu-\S+ could not be fetched: http:\/\/127\.0\.0\.1:9\/simple\/onnxruntime-gpu\/: .*--wheels/,
  );
});
