/** No telemetry is sent by the library, the command line, or the server with its worker. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const home = mkdtempSync(join(tmpdir(), 'kandid-home-'));
after(() => rmSync(home, { recursive: true, force: true }));

/** Without variables of the test runner or a build machine, so that only Kandid itself disables telemetry. */
function ordinary(): NodeJS.ProcessEnv {
  const { CI: _, ORT_DISABLE_TELEMETRY: __, XDG_CACHE_HOME: ___, NODE_TEST_CONTEXT: ____, ...env } = process.env;
  return { ...env, HOME: home, USERPROFILE: home, LOCALAPPDATA: home };
}

/** A prompt and a picture, which load the runtime of the network and the library of the CLIP. */
const LIBRARY = `
  import { Kandid } from './src/index.ts';
  const kandid = await Kandid.open({ device: 'cpu', threads: 1 });
  await kandid.pictures({ model: 'tiny', guides: [{ name: 'text', params: { prompt: 'x' } }] });
  await kandid.close();`;

/** Starts a server with a worker, sends a request, and stops it. */
const SERVER = `
  import { spawn } from 'node:child_process';
  const words = ['--import', 'tsx', 'src/main.ts', 'serve', '--port', '0', '-m', 'tiny', '--threads', '1'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
  child.stderr.on('data', async (bytes) => {
    const [url] = /http:\\S+/.exec(String(bytes)) ?? [];
    if (!url) return;
    const body = JSON.stringify({ guides: [{ name: 'text', params: { prompt: 'x' } }] });
    const answer = await fetch(url + '/v1/generate', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    process.exitCode = answer.status === 200 ? 0 : 1;
    child.kill('SIGTERM');
  });`;

const WAYS: Readonly<Record<string, readonly string[]>> = {
  library: ['--input-type=module', '--eval', LIBRARY],
  'command line': ['src/main.ts', 'generate', 'x', '--model', 'tiny', '--out', join(home, 'x.png')],
  server: ['--input-type=module', '--eval', SERVER],
};

const arguments_ = (words: readonly string[]) => ['--import', 'tsx', ...words];
const madeAtHome = () => readdirSync(home).filter((name) => name !== 'x.png');

for (const [name, words] of Object.entries(WAYS))
  test(`the ${name} creates no folder in the home folder`, { timeout: 120_000 }, () => {
    const { status, stderr } = spawnSync(process.execPath, arguments_(words), { env: ordinary(), encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.deepEqual(madeAtHome(), []);
  });

const hasTracer = spawnSync('strace', ['-V']).status === 0;
const skip = hasTracer ? false : 'there is no strace here to see which names a process looks up';

/** Files and connections of a name lookup, and the folder where ONNX Runtime stores its reports. */
const SIGNS = /"\/etc\/hosts"|sin6?_port=htons\(53\)|\.onnxruntime/;

test('no process resolves a host name', { skip, timeout: 120_000 }, () => {
  for (const [name, words] of Object.entries(WAYS)) {
    const trace = join(home, '..', `${home.split('/').at(-1)}.trace`);
    const options = [
      '-f',
      '--seccomp-bpf',
      '-e',
      'trace=connect,openat,mkdir',
      '-o',
      trace,
      process.execPath,
      ...arguments_(words),
    ];
    const { status, stderr } = spawnSync('strace', options, { env: ordinary(), encoding: 'utf8' });
    const calls = readFileSync(trace, 'utf8');
    rmSync(trace);
    assert.equal(status, 0, stderr);
    assert.match(calls, /onnxruntime/, name);
    assert.deepEqual(
      calls.split('\n').filter((line) => SIGNS.test(line)),
      [],
      name,
    );
  }
});
