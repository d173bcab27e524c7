import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Engine } from '../../../src/engine/engine.ts';
import { runTogether } from '../../../src/engine/search/run.ts';
import { runTask } from '../../../src/engine/tasks/task.ts';
import { inProcess, prepareTask } from '../../../src/engine/tasks/tasks.ts';
import { KandidError } from '../../../src/errors.ts';
import type { Picture } from '../../../src/guide.ts';
import { psnr } from '../../../src/kit/quality.ts';

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

let engine: Engine;
before(async () => {
  engine = await Engine.open({ models: ['models'], device: 'cpu', threads: 1, defaultModel: 'tiny' });
});
after(() => engine.close());

interface Encoding {
  readonly beams?: number;
  readonly weights?: Picture;
  readonly signal?: AbortSignal;
}

async function encode(picture: Picture, { beams, weights, signal }: Encoding = {}) {
  const task = await prepareTask(engine, { kind: 'encode', picture, beams, weights }, { signal });
  const outcome = await runTask(task, inProcess(signal));
  const [found] = outcome.pictures;
  if (outcome.type === 'cancelled' || !found) throw new KandidError('cancelled', { when: 'on request' });
  return { ...found, image: found.draw(), psnr: found.psnr as number };
}

async function decode(codes: readonly (readonly number[])[], level?: number): Promise<Picture[]> {
  const task = await prepareTask(engine, { kind: 'decode', codes, level });
  return (await runTask(task, inProcess())).pictures.map((one) => one.draw());
}

function assertNear(got: Picture | undefined, expected: readonly number[], tolerance = 1e-4): void {
  assert.equal(got?.data.length, expected.length);
  for (const [i, value] of expected.entries()) assert.ok(Math.abs(value - (got.data[i] as number)) < tolerance);
}

test('greedy encoding finds the same codes as the trainer', async () => {
  for (const { picture, code, image } of vectors.encode) {
    const encoded = await encode(pictureOf(picture));
    assert.deepEqual(encoded.code, code);
    assertNear(encoded.image, image);
    assert.equal(encoded.psnr, psnr(encoded.image, pictureOf(picture)));
  }
});

test('encoding and decoding are inverse for pictures of codes', async () => {
  for (const { picture } of vectors.encode) {
    const { code, image } = await encode(pictureOf(picture), { beams: 4 });
    const [decoded] = await decode([code]);
    assertNear(decoded, [...image.data], 1e-5);
  }
  // All 64 beams of the first three levels: the search is exhaustive, so the code of a picture is always found.
  for (const { code, image } of vectors.decode) {
    const found = await encode(pictureOf(image), { beams: 64 });
    assert.deepEqual(found.code, code);
    assert.ok(found.psnr > 60);
  }
});

test('with weights, comes nearer where they are, by the weighted distance; black alone is refused', async () => {
  const side = Math.sqrt((vectors.encode[0]?.picture.length ?? 0) / 3);
  const half = (value: (x: number) => number): Picture => ({
    data: Float32Array.from({ length: side * side }, (_, i) => value(i % side)),
    channels: 1,
    width: side,
    height: side,
  });
  const [left, right] = [half((x) => (x < side / 2 ? 1 : -1)), half((x) => (x < side / 2 ? -1 : 1))];
  const leftWeights = left.data.map((value) => (value + 1) / 2);
  const gains: number[] = [];
  for (const { picture } of vectors.encode) {
    const given = pictureOf(picture);
    const found = await encode(given, { weights: left, beams: 64 });
    const other = await encode(given, { weights: right, beams: 64 });
    assert.ok(Math.abs(found.psnr - psnr(found.image, given, leftWeights)) < 1e-9);
    gains.push(found.psnr - psnr(other.image, given, leftWeights));
  }
  assert.ok(gains.every((gain) => gain >= -1e-6) && Math.max(...gains) > 0.5, gains.join());
  await assert.rejects(
    encode(pictureOf(vectors.encode[0]?.picture ?? []), { weights: half(() => -1) }),
    /all black, expected white/,
  );
});

test('more beams come at least as close, on average', async () => {
  const mean = async (beams: number) => {
    let sum = 0;
    for (const { picture } of vectors.encode) sum += (await encode(pictureOf(picture), { beams })).psnr;
    return sum / vectors.encode.length;
  };
  const greedy = await mean(1);
  assert.ok((await mean(64)) >= greedy);
});

test('pictures encoded together get the same codes as alone', async () => {
  const pictures = vectors.encode.map(({ picture }) => pictureOf(picture));
  const tasks = await Promise.all(pictures.map((picture) => prepareTask(engine, { kind: 'encode', picture })));
  const { network } = await engine.models.open();
  await runTogether(
    network,
    tasks.flatMap(({ descents }) => descents),
  );
  for (const [i, { descents, outcomeOf }] of tasks.entries()) {
    const end = descents[0]?.drainEvents().at(-1);
    assert.ok(end?.type === 'done');
    assert.deepEqual(outcomeOf(end).pictures[0]?.code, vectors.encode[i]?.code);
  }
});

test('a cancelled encoding is reported', async () => {
  const encoding = encode(pictureOf(vectors.encode[0]?.picture ?? []), { signal: AbortSignal.abort() });
  await assert.rejects(encoding, { code: 'cancelled' });
});

test('decode: complete codes, codes at a level, and truncated codes', async () => {
  const codes = vectors.decode.map(({ code }) => code);
  const pictures = await decode(codes);
  const previews = await decode(codes, 1);
  const short = await decode(
    codes.map((code) => code.slice(0, 2)),
    1,
  );
  for (const [i, { image, previews: expected }] of vectors.decode.entries()) {
    assertNear(pictures[i], image);
    assertNear(previews[i], expected['4'] ?? []);
    assertNear(short[i], expected['4'] ?? []);
  }
  assert.deepEqual(await decode([]), []);
  const many = await decode(Array(100).fill(codes[0]));
  assert.equal(many.length, 100);
  assertNear(many[99], vectors.decode[0]?.image ?? []);
});

test('invalid codes are refused', async () => {
  await assert.rejects(decode([[0, 0, 0]]), { code: 'code_invalid', message: /has 3 levels/ });
  await assert.rejects(decode([[0, 0, 0, 4]]), { code: 'code_invalid', message: /0 to 3/ });
  await assert.rejects(decode([[0]], 4), { code: 'option_invalid', message: /0 to 3/ });
  await assert.rejects(decode([[0]], 1), { code: 'code_invalid' });
});

test('a picture at an earlier level records its complete code in its provenance, but has no code string', async () => {
  const code = vectors.decode[0]?.code as number[];
  const task = await prepareTask(engine, { kind: 'decode', codes: [code, code.slice(0, 2)], level: 1 });
  const { pictures } = await runTask(task, inProcess());
  const [whole, cut] = pictures;
  assert.deepEqual([whole?.codeString, whole?.code, whole?.origin.level], ['', code.slice(0, 2), 2]);
  assert.equal(
    whole?.origin.code,
    (await runTask(await prepareTask(engine, { kind: 'decode', codes: [code] }), inProcess())).pictures[0]?.codeString,
  );
  assert.deepEqual(cut?.origin, { code: null, level: 2 });
});

test('changes of input pictures and conditions are noted by every task', async () => {
  const big = pictureOf(Array(3 * 32 * 32).fill(0.25), 32);
  const own = await Engine.open({ models: ['test/fixtures/conditional'], device: 'cpu', threads: 1 });
  try {
    for (const task of [
      { kind: 'encode', picture: big } as const,
      { kind: 'decode', codes: [[0, 0]], condition: big } as const,
      { kind: 'generate', request: { condition: big } } as const,
    ]) {
      const { notes } = await runTask(await prepareTask(own, task), inProcess());
      assert.match(notes.join(), /condition: its 32×32 pixels were resized/, task.kind);
    }
  } finally {
    await own.close();
  }
});
