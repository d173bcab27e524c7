/** Every block of README.md and guides/README.md is run as it is printed; only addresses and the folder are the test's. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { kandid } from './cli/fake-io.ts';
import { type Serving, serve } from './server/serving.ts';

const run = promisify(execFile);
const checkout = process.cwd();
const readme = readFileSync('README.md', 'utf8');
const guides = readFileSync('guides/README.md', 'utf8');

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocksOf(markdown: string): Block[] {
  return [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
  }));
}

/** Words of a line of a shell: quotes taken off, what follows # left out. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/\s*(?:#.*$|((?:'[^']*'|"[^"]*"|[^\s'"#])+))/g)].map(([, word]) => word);
  return words.flatMap((word) => (word === undefined ? [] : [word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2')]));
}

const blocks = blocksOf(readme);
const shell = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'));
const table = [...readme.matchAll(/\| `(kandid [^`]+)` \|/g)].map(([, command]) => command as string);
const commands = [...shell.filter((line) => line.startsWith('kandid ')), ...table];

const folder = mkdtempSync(join(tmpdir(), 'kandid-readme-'));
let server: Serving;

before(async () => {
  server = await serve();
  await makeFiles();
  process.chdir(folder);
});
after(async () => {
  process.chdir(checkout);
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The files that the commands name. */
async function makeFiles(): Promise<void> {
  const { code, err } = await kandid([
    'generate',
    'a woman with red hair',
    '--seed',
    '5',
    '--out',
    join(folder, 'face.png'),
  ]);
  assert.equal(code, 0, err);
  const face = () => sharp(join(folder, 'face.png'));
  for (const name of ['photo', 'painting', 'sketch', 'other', 'one', 'noisy'])
    await face().toFile(join(folder, `${name}.png`));
  await face().resize(8, 8).toFile(join(folder, 'small.png'));
  await face().grayscale().toFile(join(folder, 'gray.png'));
  await face().resize(256, 256).grayscale().threshold(128).toFile(join(folder, 'drawing.png'));
  const white = { create: { width: 64, height: 30, channels: 3, background: '#fff' } } as const;
  const black = { create: { width: 64, height: 64, channels: 3, background: '#000' } } as const;
  const band = await sharp(white).png().toBuffer();
  await sharp(black)
    .composite([{ input: band, top: 0, left: 0 }])
    .toFile(join(folder, 'mask.png'));
}

/** They measure for minutes or serve for ever: that they are understood is what is held here. */
const LONG = /^kandid (evaluate|bench|doctor|serve)/;

assert.ok(commands.length > 20);
for (const command of commands)
  test(`README: ${command.replace(/ +#.*/, '')}`, { timeout: 600_000 }, async () => {
    const [, ...words] = wordsOf(command);
    const signal = LONG.test(command) ? AbortSignal.abort() : new AbortController().signal;
    const { code, err } = await kandid(words, { signal });
    if (LONG.test(command)) assert.notEqual(code, 2, err);
    else assert.equal(code, 0, err);
  });

test('README: commands of npm are scripts of the package', () => {
  const { scripts } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { scripts: object };
  const asked = [...readme.matchAll(/npm (?:run )?(start|test|kandid|build|setup:cuda)\b/g)].map(
    ([, name]) => name as string,
  );
  assert.ok(asked.length > 4);
  for (const name of asked) assert.ok(name in scripts, name);
});

/** The text with the server's own address. */
const at = (text: string) =>
  text
    .replaceAll(/http:\/\/127\.0\.0\.1:8080|localhost:8080/g, server.url)
    .replaceAll('ws://127.0.0.1:8080', server.url.replace('http', 'ws'));

test('README: curl', { skip: process.platform === 'win32' }, async () => {
  const [block] = blocks.filter(({ text }) => text.includes('curl -s'));
  await run('sh', ['-ec', at(block?.text ?? '')], { cwd: folder });
  assert.equal((await sharp(join(folder, 'woman.png')).metadata()).width, 512);
  assert.equal((await sharp(join(folder, 'new.png')).metadata()).width, 256);
});

/** Runs a block as a module; packages are found as in a project beside its dependencies, and ours in its sources. */
async function runModule({ text }: Block, before = '', ending = ''): Promise<string> {
  const own = { 'kandid/client': 'src/client/client.ts', 'kandid/guide': 'src/guide.ts', kandid: 'src/index.ts' };
  let source = at(text);
  for (const [name, file] of Object.entries(own))
    source = source.replaceAll(`'${name}'`, `'${pathToFileURL(resolve(checkout, file)).href}'`);
  source = source.replaceAll("'ws'", `'${pathToFileURL(resolve(checkout, 'node_modules/ws/wrapper.mjs')).href}'`);
  const file = join(folder, 'block.mts');
  writeFileSync(file, `${before}\n${source}\n${ending}`);
  const tsx = pathToFileURL(resolve(checkout, 'node_modules/tsx/dist/loader.mjs')).href;
  const { stdout } = await run(process.execPath, ['--import', tsx, file], { cwd: folder, timeout: 120_000 });
  return stdout;
}

test('README: the library', { timeout: 120_000 }, async () => {
  const [block] = blocks.filter(({ text }) => text.includes('Kandid.open()'));
  assert.match(await runModule(block as Block), /57\/57: 256×256/);
});

test('README: the client', async () => {
  const [block] = blocks.filter(({ text }) => text.includes('new KandidClient'));
  const shown = await runModule(
    block as Block,
    'const show = (bytes, mime) => console.log(mime, bytes.length > 0);',
    'process.exit();',
  );
  assert.match(shown, /image\/\w+ true/);
});

test('README: a WebSocket by hand', async () => {
  const [block] = blocks.filter(({ text }) => text.includes("'kandid.v1'"));
  const ending =
    "socket.on('message', (data, isBinary) => isBinary || !String(data).includes('\"done\"') || process.exit());";
  assert.match(await runModule(block as Block, '', ending), /"type":"done"/);
});

test('README: the OpenAI client, with the same requests as the Python client', async () => {
  const [block] = blocks.filter(({ language }) => language === 'python');
  const [, asked = ''] = /client\.images\.generate\((.*)\):/.exec(block?.text ?? '') ?? [];
  const body = Object.fromEntries(
    asked
      .split(', ')
      .map((part) => part.split('=') as [string, string])
      .map(([name, value]) => [name, JSON.parse(value.toLowerCase())]),
  );
  const headers = { 'content-type': 'application/json', authorization: 'Bearer none' };
  const answer = await fetch(`${server.url}/v1/images/generations`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const events = (await answer.text())
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)));
  assert.equal(events.at(-1)?.type, 'image_generation.completed');
  assert.ok(events.every(({ b64_json }) => b64_json.length > 0));
});

test('every code block is tested', () => {
  const kinds = new Set([...blocks, ...blocksOf(guides)].map(({ language }) => language));
  assert.deepEqual([...kinds].sort(), ['', 'js', 'python', 'sh', 'ts']);
  // guides/README.md: test/guides/readme.test.ts holds that its blocks are the very files that test/guides runs.
  assert.equal(blocksOf(guides).length, 3);
  const others = shell.filter((line) => line !== '' && !/^(kandid |npm ci|curl | {2}-d|#)/.test(line));
  assert.deepEqual(others, []);
});
