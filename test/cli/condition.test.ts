import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { decodePicture, encodePicture } from '../../src/pictures/codec.ts';
import { kandid } from './fake-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'kandid-condition-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const inFolder = (name: string) => join(folder, name);
const own = ['--models', 'test/fixtures/conditional', '--model', 'tiny-color'];
const condition = inFolder('condition.png');
const data = Float32Array.from({ length: 3 * 12 * 8 }, (_, i) => Math.sin(i / 3));
writeFileSync(condition, await encodePicture({ data, channels: 3, width: 12, height: 8 }));

test('generate, decode and vary with a condition', async () => {
  const made = await kandid(['generate', ...own, '--condition', condition, '--seed', '1', '--out', inFolder('a.png')]);
  assert.equal(made.code, 0, made.err);
  assert.match(made.err, /condition: its 12×8 pixels were cut to the middle square and resized to 8×8/);
  const drawn = await kandid([
    'decode',
    inFolder('a.png'),
    ...own,
    '--condition',
    condition,
    '--out',
    inFolder('b.png'),
  ]);
  assert.equal(drawn.code, 0, drawn.err);
  const pixels = async (name: string) => (await decodePicture(readFileSync(inFolder(name)))).data;
  assert.deepEqual(await pixels('b.png'), await pixels('a.png'));
  const varied = await kandid([
    ...['vary', inFolder('a.png'), '--keep', '1', ...own, '--condition', condition],
    ...['--seed', '2', '--out', inFolder('c.png')],
  ]);
  assert.equal(varied.code, 0, varied.err);
});

test('a missing condition, or one for an unconditional model, fails with a one-line remedy', async () => {
  for (const words of [
    ['generate', ...own],
    ['decode', '[0,0]', ...own],
  ]) {
    const result = await kandid([...words, '--out', inFolder('d.png')]);
    assert.equal(result.code, 2);
    assert.match(
      result.err,
      /^Model "tiny-color" needs a condition picture \(grayscale\)\. Give one as "condition" \(--condition FILE\), or/m,
    );
  }
  const result = await kandid(['generate', '--model', 'tiny', '--condition', condition, '--out', inFolder('d.png')]);
  assert.equal(result.code, 2);
  assert.match(result.err, /takes no condition picture/);
});
