import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodePicture } from '../../src/pictures/codec.ts';
import { kandid } from './fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-usage-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('--help fits a screen of 24 lines and 80 columns', async () => {
  const { code, out } = await kandid(['--help']);
  assert.equal(code, 0);
  const lines = out.split('\n');
  assert.ok(lines.length <= 24, `${lines.length} lines`);
  for (const line of lines) assert.ok(line.length <= 80, line);
});

test('every command has its own help', async () => {
  const { out } = await kandid(['--help']);
  const names = [...out.matchAll(/^ {2}([a-z]+) .*$/gm)]
    .map((match) => match[1] as string)
    .filter((name) => name !== 'kandid');
  assert.ok(names.length >= 15, names.join());
  for (const name of names) {
    const result = await kandid([name, '--help']);
    assert.equal(result.code, 0, name);
    assert.match(result.out, /^Usage: kandid/);
  }
});

test('--version prints the version of the package', async () => {
  assert.match((await kandid(['--version'])).out, /^\d+\.\d+\.\d+/);
});

test('without arguments: the help page and the exit code of wrong usage', async () => {
  const result = await kandid([]);
  assert.equal(result.code, 2);
  assert.match(result.err, /^ {2}generate /m);
});

const WRONG: readonly [words: readonly string[], message: RegExp][] = [
  [['generat'], /Did you mean generate\?/],
  [['generate', '--sede', '1'], /'--sede' \(Did you mean --seed\?\)/],
  [['generate', '--seed', 'abc'], /^--seed is "abc", expected a whole number from 0 to 9007199254740991\.$/],
  [['generate', '--seed', '9007199254740993'], /from 0 to 9007199254740991\.$/],
  [['generate', '--seed'], /argument missing/],
  [['generate', '--count', '0'], /^--count is "0"/],
  [['generate', '--count', '-1'], /^--count is "-1"/],
  [['generate', '--top', 'NaN'], /^--top is "NaN"/],
  [['generate', '--temperature', 'Infinity'], /^--temperature is "Infinity"/],
  [['generate', '--beams', '4:'], /^--beams is "4:"/],
  [['generate', '--particles', '0'], /^--particles is "0", expected a number from 1 to 64, or such numbers by side/],
  [['generate', '--blend', 'mean'], /^--blend is "mean", expected rank, zscore, product/],
  [['generate', '--model', 'tniy'], /^There is no model "tniy"\. Did you mean "tiny"\?$/],
  [['generate', '--model', 'tiny', '--guide', 'txet'], /^There is no guide "txet"\. Did you mean "text"\?$/],
  [['generate', '--model', 'tiny', '--guide', 'denoise:1:{"image":"AAAA","sigma":9}'], /sigma/],
  [['generate', '--model', 'tiny', '--guide', 'denoise:1:{"imag":"AAAA"}'], /imag/],
  [['generate', '--out', 'x.bmp'], /^--out is "x\.bmp", expected a file that ends in \.png/],
  [['generate', '--out', '-', '--json'], /--json/],
  [['generate', '--out', '-', '--count', '2'], /--grid/],
  [['generate', '--animate', 'x.mp4'], /^--animate is "x\.mp4", expected a file that ends in \.webp or \.gif/],
  [['generate', 'a', 'woman'], /^Put the words in quotes: kandid generate "a woman"\.$/],
  [['upscale', 'a.png', 'b.png'], /^Too many arguments/],
  [['upscale'], /^Missing required argument 'picture'/],
  [['generate', '--device', 'gpu'], /device/],
  [['generate', '--threads', '0'], /^--threads is "0"/],
  [['decode', '--model', 'tiny', 'OQQ'], /^Code OQQ: has 3 characters/],
  [['decode', '--model', 'tiny', 'O!'], /^Code O!/],
  [['decode', '--model', 'tiny', '[0,1,2]'], /has 3 levels/],
  [['decode', '--model', 'tiny', '[0,1,2,9]'], /level 3 is 9/],
  [['decode', '--model', 'tiny', 'OQ', '--level', '4'], /level is 4/],
  [['decode', '--model', 'tiny', '-abcdefg'], /put -- before it/],
  [['vary', '--model', 'tiny', 'OQ', '--keep', '9'], /^--keep is 9, expected at most 4/],
  [['cross', '--model', 'tiny', 'OQ', 'OQ', '--at', '5'], /^--at is 5, expected at most 4/],
  [['guides', 'styel'], /^There is no guide "styel"\. Did you mean "style"\?$/],
  [['models', 'tniy'], /^There is no model "tniy"/],
  [['evaluate', 'tiny', '--tasks', 'colourize'], /Did you mean "colorize"\?/],
  [['evaluate', 'tiny', '--tasks', 'text'], /prompts are about avatars/],
  [['evaluate', 'avatars-attributes'], /is a classifier, expected a pyramid/],
  [['evaluate', '--count', '1'], /^--count is "1"/],
  [['bench', 'tiny', '--seconds', '-1'], /^--seconds is "-1"/],
];

for (const [words, message] of WRONG)
  test(`wrong usage, one line: kandid ${words.join(' ')}`, async () => {
    const result = await kandid(words);
    assert.equal(result.code, 2, result.err);
    assert.equal(result.out, '');
    assert.match(result.err, message);
    assert.equal(result.err.split('\n').length, 1);
  });

const FAILING: readonly [name: string, bytes: Uint8Array | null, message: RegExp][] = [
  ['missing.png', null, /missing\.png could not be read: there is no such file/],
  ['empty.png', new Uint8Array(), /could not be read: it is empty/],
  ['words.png', Buffer.from('hello'), /not a picture/],
  ['drawing.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), /not a picture/],
];

for (const [name, bytes, message] of FAILING)
  test(`an invalid picture fails with one line: ${name}`, async () => {
    const file = join(folder, name);
    if (bytes) writeFileSync(file, bytes);
    const result = await kandid(['upscale', '--model', 'tiny', file, '--out', join(folder, 'x.png')]);
    assert.equal(result.code, 1, result.err);
    assert.match(result.err, message);
    assert.equal(result.err.split('\n').length, 1);
  });

test('a missing folder of models is reported as a warning', async () => {
  const result = await kandid(['models'], { environment: { KANDID_MODELS: join(folder, 'nonexistent') } });
  assert.equal(result.code, 0);
  assert.match(result.err, /There is no folder .*nonexistent/);
});

test('the error for an unknown model suggests generators only', async () => {
  const result = await kandid(['generate', '--model', 'qqqqqqqqqqqqqqqqqqqqqq']);
  assert.match(result.err, /There are: .*tiny/);
  assert.doesNotMatch(result.err, /avatars-clip|avatars-attributes/);
});

test('inpaint without a mask is wrong usage unless the picture has transparency', async () => {
  const file = join(folder, 'opaque.png');
  const data = new Float32Array(3 * 64);
  writeFileSync(file, await encodePicture({ data, channels: 3, width: 8, height: 8 }));
  const result = await kandid(['inpaint', file, '--model', 'tiny', '--out', join(folder, 'x.png')]);
  assert.equal(result.code, 2);
  assert.match(result.err, /^--mask is left out, expected a file, white where/);
});

for (const [words, note] of [
  [['--top', '1000'], /top is 1000, but the model tiny proposes 4 at a level/],
  [['--particles', '2'], /without a guide, nothing ranks them/],
  [['--particles', '5:2'], /particles: no level of tiny has a side of 5 pixels/],
  [['--beams', '4:2,5:2'], /no level of tiny has a side of 5 pixels; its sides are/],
] as const)
  test(`options without effect for the model are reported: ${words.join(' ')}`, async () => {
    const result = await kandid(['generate', '--model', 'tiny', ...words, '--out', join(folder, 'x.png')]);
    assert.equal(result.code, 0, result.err);
    assert.match(result.err, note);
  });

test('an output folder that cannot be created fails with one line before any computation', {
  timeout: 30_000,
}, async () => {
  const places = process.platform === 'linux' ? ['/proc/nope/x.png', '/proc/nope/a/b/', '/sys/nope/x.png'] : [];
  for (const place of [...places, join(folder, 'empty.png', 'x.png')]) {
    writeFileSync(join(folder, 'empty.png'), '');
    const result = await kandid(['generate', '--model', 'no-such-model', '--out', place]);
    assert.equal(result.code, 1, result.err);
    assert.match(result.err, /could not be written/);
    assert.equal(result.err.split('\n').length, 1);
  }
});

test('a folder instead of a picture, and a file instead of a folder', async () => {
  assert.match((await kandid(['upscale', '--model', 'tiny', folder])).err, /it is a folder, expected a file/);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const result = await kandid(['generate', '--model', 'tiny', '--out', join(file, 'x.png')]);
  assert.equal(result.code, 1);
  assert.match(result.err, /could not be written/);
});

test('standard input can be used once', async () => {
  const result = await kandid(['inpaint', '-', '--mask', '-', '--model', 'tiny'], { input: Buffer.from('x') });
  assert.equal(result.code, 2);
  assert.match(result.err, /given twice/);
});
