import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { conditionOf } from '../../../src/engine/input/condition.ts';
import type { Picture } from '../../../src/guide.ts';
import { type GenerateRequest, Kandid } from '../../../src/index.ts';
import { encodePicture } from '../../../src/pictures/codec.ts';

interface Vectors {
  readonly decode: readonly { code: number[]; image: number[] }[];
  readonly encode: readonly { picture: number[]; code: number[]; image: number[] }[];
  readonly conditions: Readonly<Record<'grayscale' | 'edges' | 'color_edges', readonly number[][]>>;
}
const FOLDER = 'test/fixtures/conditional';
const vectors = JSON.parse(readFileSync(`${FOLDER}/vectors.json`, 'utf8')) as Vectors;

const kandid = await Kandid.open({ models: FOLDER, device: 'cpu', threads: 1 });
after(() => kandid.close());

const picture = (channels: number, side: number, of: (i: number) => number): Picture => ({
  data: new Float32Array(channels * side * side).map((_, i) => of(i)),
  channels,
  width: side,
  height: side,
});
const given = vectors.encode.map((one) => picture(3, 8, (i) => one.picture[i] as number));
const info = (kind: string | null, side = 8) => ({
  name: 'model',
  channels: 3 as const,
  levels: [{ side, candidateCount: 2, width: 1 }],
  condition: kind === null ? null : { kind, channels: 1 },
});
const near = (found: ArrayLike<number>, expected: ArrayLike<number>) =>
  assert.ok(
    Array.from(expected).every((value, i) => Math.abs(value - (found[i] as number)) < 1e-4),
    'within 1e-4',
  );

test('a condition is required by conditional models, and refused by others', async () => {
  const gray = picture(3, 8, () => 0);
  assert.equal(await conditionOf(undefined, info(null)), null);
  await assert.rejects(conditionOf(gray, info(null)), { code: 'condition_unexpected' });
  await assert.rejects(conditionOf(undefined, info('grayscale')), { code: 'condition_missing', message: /grayscale/ });
});

test('gray values and edges equal those of the trainer', async () => {
  for (const [kind, expected] of Object.entries(vectors.conditions))
    for (const [i, one] of given.entries())
      near((await conditionOf(one, info(kind))) as Float32Array, expected[i] as number[]);
});

test('a picture of another size is resized, with a note', async () => {
  const notes: string[] = [];
  const note = (message: string) => void notes.push(message);
  const wide = await encodePicture({ ...picture(1, 12, () => 0.5), width: 16, height: 9 });
  const fitted = await conditionOf(wide, info('grayscale'), { note });
  assert.equal(fitted?.length, 64);
  await conditionOf(
    picture(3, 16, () => 0),
    info('grayscale'),
    { note },
  );
  await conditionOf(
    picture(3, 8, () => 0),
    info('grayscale'),
    { note },
  );
  assert.deepEqual(notes, [
    'condition: its 16×9 pixels were cut to the middle square and resized to 8×8',
    'condition: its 16×16 pixels were resized to 8×8',
  ]);
});

test('a black-and-white drawing is used as edges, whether its lines are black or white', async () => {
  const notes: string[] = [];
  const note = (message: string) => void notes.push(message);
  const white = (i: number) => (i % 8 === 3 ? 1 : -1);
  for (const sign of [1, -1]) {
    const drawn = picture(1, 8, (i) => sign * white(i));
    const edges = (await conditionOf(drawn, info('edges'), { note })) as Float32Array;
    assert.deepEqual(
      [...edges],
      Array.from({ length: 64 }, (_, i) => white(i)),
    );
  }
  await conditionOf(picture(1, 8, white), info('grayscale'), { note });
  assert.match(notes[0] as string, /taken as the edges/);
  assert.match(notes[2] as string, /wants shades of gray/);
});

test('lines of a drawing may be soft; solid black and white shapes are not lines', async () => {
  const notes: string[] = [];
  const note = (message: string) => void notes.push(message);
  const soft = picture(1, 8, (i) => [-1, -0.9, 0.7, 1, -0.95, -1, -1, -0.85][i % 8] as number);
  const lines = (await conditionOf(soft, info('edges'), { note })) as Float32Array;
  assert.deepEqual([...lines.subarray(0, 8)], [-1, -1, 1, 1, -1, -1, -1, -1]);
  assert.match(notes.join(), /taken as the edges/);
  const halves = picture(1, 8, (i) => (i % 8 < 4 ? -1 : 1));
  const edges = (await conditionOf(halves, info('edges'), { note })) as Float32Array;
  assert.deepEqual([...edges.subarray(0, 8)], [-1, -1, -1, 1, 1, -1, -1, -1]);
  assert.equal(notes.length, 1);
});

test('codes are decoded, and pictures encoded, as by the trainer', async () => {
  for (const [i, { code, image }] of vectors.decode.entries()) {
    const [drawn] = await kandid.decode(undefined, [code], { condition: given[i] as Picture });
    near(drawn?.data ?? [], image);
  }
  for (const [i, { code, image }] of vectors.encode.entries()) {
    const found = await kandid.encode(given[i] as Picture);
    assert.deepEqual(found.code, code);
    near(found.image.data, image);
  }
});

test('a condition can differ from the target of a guide', async () => {
  const image = await encodePicture(given[1] as Picture);
  const request: GenerateRequest = { guides: [{ name: 'target', params: { image } }], seed: 1 };
  const [one] = await kandid.pictures({ ...request, condition: given[0] as Picture });
  const [other] = await kandid.pictures({ ...request, condition: given[2] as Picture });
  assert.notDeepEqual(one?.image.data, other?.image.data);
  const [again] = await kandid.decode(undefined, [one?.code ?? []], { condition: given[0] as Picture });
  near(again?.data ?? [], one?.image.data ?? []);
});

test('notes about the condition are part of the result', async () => {
  const notes: string[] = [];
  for await (const event of kandid.generate({ condition: picture(3, 16, () => 0), seed: 1 }))
    if (event.type === 'done') notes.push(...event.notes);
  assert.deepEqual(notes, ['condition: its 16×16 pixels were resized to 8×8']);
  await assert.rejects(kandid.pictures({}), { code: 'condition_missing', message: /"tiny-color".*grayscale/ });
  await assert.rejects(kandid.decode(undefined, [[0, 0]]), { code: 'condition_missing' });
});

test('the default model is unconditional', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kandid-standard-'));
  const copies = { 'b-plain': 'models/tiny', 'a-color': `${FOLDER}/tiny-color` };
  for (const [name, from] of Object.entries(copies)) {
    cpSync(from, join(folder, name), { recursive: true });
    const file = join(folder, name, 'model.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...manifest, name, made: { ...manifest.made, steps: 1 } }));
  }
  const own = await Kandid.open({ models: folder, device: 'cpu', threads: 1 });
  const { network } = await own.engine.models.open();
  assert.equal(network.info.name, 'b-plain');
  await own.close();
  rmSync(folder, { recursive: true });
});
