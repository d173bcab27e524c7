import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { decodePicture, encodePicture } from '../../src/pictures/codec.ts';
import { post, serve } from './serving.ts';

const FOLDER = 'test/fixtures/conditional';
const [{ picture: numbers }] = JSON.parse(readFileSync(`${FOLDER}/vectors.json`, 'utf8')).encode;
const data = Float32Array.from(numbers as number[]);
const condition = Buffer.from(await encodePicture({ data, channels: 3, width: 8, height: 8 })).toString('base64');
const model = 'tiny-color';

const serving = await serve({}, [FOLDER]);
after(() => serving.close());
const ask = (path: string, body: object) => post(`${serving.url}${path}`, { model, ...body });

interface Answer {
  readonly images: readonly {
    readonly code: number[];
    readonly codeString: string;
    readonly url: string | null;
    readonly base64: string;
  }[];
  readonly notes: readonly string[];
  readonly code: string;
  readonly detail: string;
}
const answered = async (asked: Promise<Response>) => (await (await asked).json()) as Answer;

test('a conditional model uses its condition, and decode needs it too', async () => {
  const made = await answered(ask('/v1/generate', { condition, seed: 3 }));
  const [image] = made.images;
  assert.ok(image);
  assert.equal(image.url, null, 'an address does not draw it');
  const [again] = (await answered(ask('/v1/decode', { codes: [image.codeString], condition }))).images;
  const pixels = async (one: typeof image) => (await decodePicture(Buffer.from(one.base64, 'base64'))).data;
  assert.deepEqual(await pixels(again as typeof image), await pixels(image));
  const [encoded] = (await answered(ask('/v1/encode', { image: condition }))).images;
  assert.equal(encoded?.code.length, 2, 'the picture itself is the condition where none is given');
});

test('a missing condition, or one given as a URL, is refused with a remedy', async () => {
  const missing = await answered(ask('/v1/generate', {}));
  assert.match(missing.detail, /"tiny-color" needs a condition picture \(grayscale\)/);
  const linked = await fetch(`${serving.url}/v1/images/${model}/AA.png`);
  assert.equal(linked.status, 400);
  assert.match(((await linked.json()) as Answer).detail, /which an address cannot carry. POST both to \/v1\/decode/);
  const plain = await answered(ask('/v1/generate', { model: 'tiny', condition }));
  assert.equal(plain.code, 'condition_unexpected');
});

test('a condition of another size is resized, with a note', async () => {
  const wide = await encodePicture({ data: new Float32Array(3 * 12 * 10), channels: 3, width: 12, height: 10 });
  const made = await answered(ask('/v1/generate', { condition: Buffer.from(wide).toString('base64') }));
  assert.match(made.notes.join(), /12×10 pixels were cut/);
});
