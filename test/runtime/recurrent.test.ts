import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Kandid } from '../../src/index.ts';
import { encodePicture } from '../../src/pictures/codec.ts';
import { loadBundle } from '../../src/runtime/bundle.ts';
import { Sessions } from '../../src/runtime/sessions.ts';
import { editManifest, temporaryFolder } from './copies.ts';

interface Vectors {
  readonly decode: readonly { code: number[]; image: number[] }[];
  readonly encode: readonly { picture: number[]; code: number[]; image: number[] }[];
}
const FOLDER = 'test/fixtures/recurrent';
const vectors = JSON.parse(readFileSync(`${FOLDER}/vectors.json`, 'utf8')) as Vectors;
const near = (found: ArrayLike<number>, expected: readonly number[]) =>
  assert.ok(expected.every((value, i) => Math.abs(value - (found[i] as number)) < 1e-4));

test('a bundle can name one graph for many levels, which is opened once', async () => {
  const sessions = new Sessions();
  const bundle = await loadBundle(`${FOLDER}/tiny-recurrent`, { sessions });
  assert.equal(bundle.levels.length, 3);
  assert.equal(sessions.size, 3, 'the first level, all after it, and decode');
  await bundle.release();
  assert.equal(sessions.size, 0);
});

test('codes are decoded and pictures encoded as by the trainer, and guides work', async () => {
  const kandid = await Kandid.open({ models: FOLDER, device: 'cpu', threads: 1 });
  for (const { code, image } of vectors.decode) near((await kandid.decode(undefined, [code]))[0]?.data ?? [], image);
  for (const { picture, code } of vectors.encode) {
    const given = { data: Float32Array.from(picture), channels: 3, width: 8, height: 8 };
    assert.deepEqual((await kandid.encode(given)).code, code);
    const image = await encodePicture(given);
    const [found] = await kandid.pictures({ guides: [{ name: 'target', params: { image } }] });
    assert.equal(found?.code.length, 3);
  }
  await kandid.close();
});

test('a level that does not match the shared graph is reported', async (t) => {
  const folder = join(await temporaryFolder(t), 'tiny-recurrent');
  await cp(`${FOLDER}/tiny-recurrent`, folder, { recursive: true });
  await editManifest(folder, (manifest) => {
    manifest.levels[2].candidates = 5;
  });
  await assert.rejects(loadBundle(folder, { sessions: new Sessions() }), {
    code: 'bundle_graph',
    message: /level-01\.onnx.*candidates/,
  });
});
