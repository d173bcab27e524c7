import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decodeCodes } from '../../../src/engine/tasks/decode.ts';
import { encode, encodedAs, encodingDescent } from '../../../src/engine/tasks/encode.ts';
import { runTogether } from '../../../src/engine/tasks/generate.ts';
import type { Picture } from '../../../src/guide.ts';
import { psnr } from '../../../src/kit/quality.ts';
import { tinyNetwork } from '../tiny.ts';

interface Vectors {
  readonly encode: readonly { readonly picture: number[]; readonly code: number[]; readonly image: number[] }[];
  readonly decode: readonly {
    readonly code: number[];
    readonly image: number[];
    readonly previews: Readonly<Record<string, number[]>>;
  }[];
}
const vectors = JSON.parse(readFileSync('test/fixtures/tiny-vectors.json', 'utf8')) as Vectors;

const pictureOf = (numbers: readonly number[], side = 8): Picture => ({
  data: Float32Array.from(numbers),
  channels: 3,
  width: side,
  height: side,
});

function assertNear(got: Picture | undefined, expected: readonly number[], tolerance = 1e-4): void {
  assert.equal(got?.data.length, expected.length);
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(value - (got.data[i] as number)) < tolerance);
}

test('greedy encoding finds the codes that the trainer finds', async () => {
  const network = await tinyNetwork();
  for (const { picture, code, image } of vectors.encode) {
    const encoded = await encode(network, pictureOf(picture));
    assert.deepEqual(encoded.code, code);
    assertNear(encoded.image, image);
    assert.equal(encoded.psnr, psnr(encoded.image, pictureOf(picture)));
  }
});

test('a code comes back as its picture, and the picture of a code as that code', async () => {
  const network = await tinyNetwork();
  for (const { picture } of vectors.encode) {
    const { code, image } = await encode(network, pictureOf(picture), { beams: 4 });
    const [decoded] = await decodeCodes(network, [code], {});
    assertNear(decoded, [...image.data], 1e-5);
  }
  // All 64 beams of the first three levels: every code is looked at, so that its own picture is found for certain.
  for (const { code, image } of vectors.decode) {
    const found = await encode(network, pictureOf(image), { beams: 64 });
    assert.deepEqual(found.code, code);
    assert.ok(found.psnr > 60);
  }
});

test('more beams come at least as near, on average', async () => {
  const network = await tinyNetwork();
  const mean = async (beams: number) => {
    let sum = 0;
    for (const { picture } of vectors.encode) sum += (await encode(network, pictureOf(picture), { beams })).psnr;
    return sum / vectors.encode.length;
  };
  const greedy = await mean(1);
  assert.ok((await mean(64)) >= greedy);
});

test('many pictures are encoded together, each as alone', async () => {
  const network = await tinyNetwork();
  const pictures = vectors.encode.map(({ picture }) => pictureOf(picture));
  const descents = pictures.map((picture) => encodingDescent(network, picture));
  await runTogether(network, descents);
  for (const [i, descent] of descents.entries()) {
    const end = descent.takeEvents().at(-1);
    assert.ok(end?.type === 'done' && end.results[0]);
    const { code } = encodedAs(end.results[0], pictures[i] as Picture);
    assert.deepEqual(code, vectors.encode[i]?.code);
  }
});

test('a cancelled encoding says so', async () => {
  const network = await tinyNetwork();
  const encoding = encode(network, pictureOf(vectors.encode[0]?.picture ?? []), { signal: AbortSignal.abort() });
  await assert.rejects(encoding, { code: 'cancelled' });
});

test('decoding: whole pictures, as they stand after a level, and of codes that end there', async () => {
  const network = await tinyNetwork();
  const codes = vectors.decode.map(({ code }) => code);
  const pictures = await decodeCodes(network, codes, {});
  const previews = await decodeCodes(network, codes, { level: 1 });
  const short = await decodeCodes(
    network,
    codes.map((code) => code.slice(0, 2)),
    { level: 1 },
  );
  for (const [i, { image, previews: expected }] of vectors.decode.entries()) {
    assertNear(pictures[i], image);
    assertNear(previews[i], expected['4'] ?? []);
    assertNear(short[i], expected['4'] ?? []);
  }
  assert.deepEqual(await decodeCodes(network, [], {}), []);
  const many = await decodeCodes(network, Array(100).fill(codes[0]), {});
  assert.equal(many.length, 100);
  assertNear(many[99], vectors.decode[0]?.image ?? []);
});

test('what cannot be decoded is refused', async () => {
  const network = await tinyNetwork();
  await assert.rejects(decodeCodes(network, [[0, 0, 0]], {}), { code: 'code_invalid', message: /has 3 levels/ });
  await assert.rejects(decodeCodes(network, [[0, 0, 0, 4]], {}), { code: 'code_invalid', message: /0 to 3/ });
  await assert.rejects(decodeCodes(network, [[0]], { level: 4 }), { code: 'option_invalid', message: /0 to 3/ });
  await assert.rejects(decodeCodes(network, [[0]], { level: 1 }), { code: 'code_invalid' });
});
