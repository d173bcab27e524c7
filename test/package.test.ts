/** The published package: packed, installed beside its dependencies, and imported by name. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, test } from 'node:test';

const home = mkdtempSync(join(tmpdir(), 'kandid-package-'));
const modules = join(home, 'node_modules');
let server: ChildProcess | undefined;

after(async () => {
  if (server?.exitCode === null) {
    const ended = new Promise((resolve) => server?.once('exit', resolve));
    server.kill('SIGTERM');
    await ended;
  }
  rmSync(home, { recursive: true, force: true });
});

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** Packs the project, and unpacks it like an installation, with the dependencies of the checkout. */
function install(): Packed {
  execFileSync('npm', ['run', '--silent', 'build']);
  const json = execFileSync('npm', ['pack', '--json', '--pack-destination', home], { encoding: 'utf8' });
  const [packed] = JSON.parse(json.slice(json.indexOf('[\n'))) as [Packed];
  mkdirSync(join(modules, '.bin'), { recursive: true });
  execFileSync('tar', ['xzf', join(home, packed.filename), '-C', home]);
  execFileSync('mv', [join(home, 'package'), join(modules, 'kandid')]);
  const { dependencies, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(resolve('node_modules', name), join(modules, name));
  }
  execFileSync('chmod', ['+x', join(modules, 'kandid', bin.kandid)]);
  symlinkSync(join('..', 'kandid', bin.kandid), join(modules, '.bin', 'kandid'));
  return packed;
}

const npx = (...words: string[]) =>
  execFileSync('npx', ['--no-install', 'kandid', ...words], { cwd: home, encoding: 'utf8' });

const packed = install();

test('the package contains the program, the page and the models; no tests, no training sources, under 64 MB', () => {
  const paths = packed.files.map(({ path }) => path);
  for (const wanted of [
    'dist/src/main.js',
    'dist/web/index.html',
    'dist/guides/text.js',
    'models/avatars-64/model.json',
    'models/avatars-256/model.json',
  ])
    assert.ok(paths.includes(wanted), `${wanted} is missing`);
  assert.deepEqual(
    paths.filter((path) => /^(test|src|data|runs)\/|\.py$/.test(path)),
    [],
  );
  assert.ok(packed.size < 64e6, `${packed.size} bytes`);
});

test('npx kandid: a picture from a prompt, with compiled code only', () => {
  const report = JSON.parse(npx('generate', 'a woman with red hair', '--seed', '1', '--out', 'woman.png', '--json'));
  assert.equal(report.model, 'avatars-256');
  assert.ok(existsSync(join(home, 'woman.png')));
  assert.match(npx('guides'), /super_resolution/);
});

test('the library and the client can be imported by name', () => {
  writeFileSync(
    join(home, 'use.mjs'),
    `import { Kandid } from 'kandid'; import { KandidClient } from 'kandid/client'; import { defineGuide } from 'kandid/guide';
     const kandid = await Kandid.open();
     console.log(kandid.guides().length > 10, typeof KandidClient, typeof defineGuide);
     await kandid.close();`,
  );
  const output = execFileSync(process.execPath, ['use.mjs'], { cwd: home, encoding: 'utf8' });
  assert.equal(output.trim(), 'true function function');
  assert.ok(readdirSync(join(modules, 'kandid', 'dist', 'src')).includes('index.d.ts'));
});

test('kandid serve: one line with the address, where the page is served', async () => {
  const words = [join(modules, '.bin', 'kandid'), 'serve', '--port', '0'];
  const child = spawn(process.execPath, words, { cwd: home, stdio: ['ignore', 'ignore', 'pipe'] });
  server = child;
  const address = await new Promise<string>((found, failed) => {
    let output = '';
    child.stderr.on('data', (bytes: Buffer) => {
      output += bytes;
      const match = /http:\/\/[\d.]+:\d+/.exec(output);
      if (match) found(match[0]);
    });
    child.once('exit', (code) => failed(new Error(`it ended with ${code} after: ${output}`)));
  });
  const page = await (await fetch(address)).text();
  const [, script] = /<script[^>]+src="([^"]+)"/.exec(page) ?? [];
  assert.equal((await fetch(new URL(script as string, address))).status, 200);
  const models = (await (await fetch(new URL('/v1/models', address))).json()) as { data: { id: string }[] };
  assert.ok(models.data.some(({ id }) => id === 'avatars-64'));
});
