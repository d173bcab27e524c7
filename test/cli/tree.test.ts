import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import sharp from 'sharp';
import { kandid } from './fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-tree-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const inFolder = (name: string) => join(folder, name);

test('digits-32 as a tree of depth 3, byte for byte reproducible', async () => {
  const draw = (name: string) => kandid(['tree', 'models/digits-32', '--depth', '3', '--out', inFolder(name)]);
  const result = await draw('first.png');
  assert.equal(result.code, 0, result.err);
  assert.match(result.out, /first\.png {2}\d+×\d+, 584 pictures, 512 leaves$/);
  await draw('second.png');
  assert.deepEqual(readFileSync(inFolder('first.png')), readFileSync(inFolder('second.png')));
});

test('--json prints codes and positions; other formats and standard output are supported', async () => {
  const out = inFolder('tiny.webp');
  const result = await kandid(['tree', 'tiny', '--depth', '2', '--leaf', '8', '--json', '--out', out]);
  const report = JSON.parse(result.out);
  assert.equal(report.model, 'tiny');
  assert.equal(report.leaves, 16);
  assert.deepEqual(report.nodes[0].code, []);
  assert.equal(report.nodes.length, 21);
  const { width, height, format } = await sharp(out).metadata();
  assert.deepEqual({ width, height, format }, { width: report.width, height: report.height, format: 'webp' });
  const piped = await kandid(['tree', 'tiny', '--depth', '1', '--out', '-']);
  assert.equal((await sharp(piped.bytes).metadata()).format, 'png');
  assert.equal(piped.out, '');
});

test('a folder of bundles becomes an animation, in order of their names', async () => {
  for (const name of ['step-0000002', 'step-0000001', 'step-0000003'])
    cpSync('models/tiny', inFolder(`frames/${name}`), { recursive: true });
  for (const ending of ['webp', 'gif']) {
    const file = inFolder(`film.${ending}`);
    const result = await kandid(['tree', inFolder('frames'), '--depth', '2', '--out', file]);
    assert.equal(result.code, 0, result.err);
    assert.match(result.out, /3 frames$/);
    const { pages, format } = await sharp(file, { animated: true, pages: -1 }).metadata();
    assert.equal(format, ending);
    // Equal frames are joined.
    assert.ok((pages ?? 1) <= 3);
  }
  const still = await kandid(['tree', inFolder('frames'), '--out', inFolder('film.png')]);
  assert.deepEqual([still.code, /\.webp or \.gif/.test(still.err)], [2, true]);
});

test('bundles of different networks are refused', async () => {
  cpSync('models/tiny', inFolder('mixed/a'), { recursive: true });
  cpSync('models/digits-32', inFolder('mixed/b'), { recursive: true });
  const result = await kandid(['tree', inFolder('mixed'), '--depth', '2', '--out', inFolder('mixed.gif')]);
  assert.equal(result.code, 2);
  assert.match(result.err, /b is "\d+×\d+", expected \d+×\d+, as .*a before it: one network's frames\.$/);
});

test('recurrent networks are supported', async () => {
  const out = inFolder('recurrent.png');
  const result = await kandid(['tree', 'test/fixtures/recurrent/tiny-recurrent', '--depth', '2', '--out', out]);
  assert.equal(result.code, 0, result.err);
});

test('conditional networks have a tree per condition', async () => {
  const draw = (...more: string[]) =>
    kandid(['tree', 'test/fixtures/conditional/tiny-color', '--depth', '2', '--out', inFolder('given.png'), ...more]);
  const result = await draw('--condition', 'models/pictures/digits-32.png');
  assert.equal(result.code, 0, result.err);
  const without = await draw();
  assert.deepEqual([without.code, /needs a condition picture/.test(without.err)], [2, true]);
});

const WRONG: readonly [words: readonly string[], message: RegExp][] = [
  [['tiny', '--depth', '5'], /needs a model of 5 levels; "tiny" has 4\. Ask for at most 4\.$/],
  [['tiny', '--depth', '4', '--leaf', '1024'], /needs 341 pictures on \d+×\d+ pixels, .* What fits: --depth \d/],
  [['tiny', '--depth', '0'], /^--depth is "0"/],
  [['tiny', '--leaf', '2'], /^--leaf is "2", expected a whole number from 4 to 1024/],
  [['tiny', '--out', 'x.gif'], /^--out is "x\.gif", expected a file that ends in \.png/],
  [['tiny', '--out', '-', '--json'], /--json/],
  [['tiny', '--condition', 'models/pictures/digits-32.png'], /takes no condition picture/],
  [['avatars-clip'], /is a clip, expected a pyramid/],
];

for (const [words, message] of WRONG)
  test(`tree ${words.join(' ')}: refused`, async () => {
    const result = await kandid(['tree', ...words]);
    assert.equal(result.code, 2);
    assert.match(result.err, message);
  });
