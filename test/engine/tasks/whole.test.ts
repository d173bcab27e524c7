/** Requests for whole pictures: positions of squares, kept pixels, one code per square. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { GenerateRequest } from '../../../src/contract/requests.ts';
import { Engine } from '../../../src/engine/engine.ts';
import type { LevelEvent } from '../../../src/engine/search/events.ts';
import { runTask, type TaskOutcome } from '../../../src/engine/tasks/task.ts';
import { inProcess, prepareTask } from '../../../src/engine/tasks/tasks.ts';
import { prepareWhole } from '../../../src/engine/tasks/whole.ts';
import type { Picture } from '../../../src/guide.ts';
import { resample } from '../../../src/kit/resample.ts';
import { decodePicture, encodePicture } from '../../../src/pictures/codec.ts';
import { mosaic } from '../../../src/pictures/mosaic.ts';
import { blended, cropped } from '../../../src/pictures/windows.ts';

let engine: Engine;
before(async () => {
  engine = await Engine.open({ models: ['models'], device: 'cpu', threads: 1, defaultModel: 'tiny' });
});
after(() => engine.close());

type Dot = readonly [r: number, g: number, b: number, alpha?: number];

/** A picture file with these bytes as pixels. */
async function fileOf(width: number, height: number, dotAt: (x: number, y: number) => Dot): Promise<Uint8Array> {
  const plane = width * height;
  const data = new Float32Array(4 * plane);
  for (let p = 0; p < plane; p++) {
    const dot = dotAt(p % width, Math.floor(p / width));
    for (let c = 0; c < 4; c++) data[c * plane + p] = (dot[c] ?? 255) / 127.5 - 1;
  }
  return await encodePicture({ data, channels: 4, width, height });
}

const colourful = (width: number, height: number) =>
  fileOf(width, height, (x, y) => [(37 * x) % 256, (91 * y) % 256, (13 * x * y) % 256]);
const maskOf = (width: number, height: number, isWhite: (x: number, y: number) => boolean) =>
  fileOf(width, height, (x, y) => (isWhite(x, y) ? [255, 255, 255] : [0, 0, 0]));

async function run(request: GenerateRequest, onLevel: (event: LevelEvent) => void = () => {}): Promise<TaskOutcome> {
  const task = await prepareTask(engine, { kind: 'generate', request: { seed: 3, ...request } });
  return await runTask(task, inProcess(undefined, onLevel));
}

function inpaint(image: Uint8Array, mask?: Uint8Array, invert?: boolean) {
  return [{ name: 'inpaint', params: { image, ...(mask ? { mask } : {}), ...(invert ? { invert } : {}) } }];
}

const pixel = ({ data, width, height, channels }: Picture, x: number, y: number) =>
  Array.from({ length: channels }, (_, c) => data[(c * height + y) * width + x]);

async function drawn(codes: readonly (readonly number[])[]): Promise<Picture[]> {
  const task = await prepareTask(engine, { kind: 'decode', codes });
  return (await runTask(task, inProcess())).pictures.map((one) => one.draw());
}

test("what is repainted is put back: the size of the upload, its own pixels outside the mask, the code's picture inside", async () => {
  const image = await colourful(24, 8);
  const given = await decodePicture(image);
  const isWhite = (x: number, y: number) => x < 4 && y < 5;
  const mask = await maskOf(24, 8, isWhite);
  const { pictures, notes } = await run({ guides: inpaint(image, mask), whole: { feather: 0 } });
  const [one] = pictures;
  assert.ok(one);
  const result = one.draw();
  assert.deepEqual([one.width, one.height, result.width, result.height], [24, 8, 24, 8]);
  const [window] = one.windows ?? [];
  // The mask is outside the middle square.
  assert.deepEqual([window?.left, window?.top, window?.side], [0, 0, 8]);
  assert.equal(window?.codeString, one.codeString);
  const [own] = await drawn([one.code]);
  assert.ok(own);
  for (let y = 0; y < 8; y++)
    for (let x = 0; x < 24; x++)
      if (isWhite(x, y))
        for (const [c, value] of pixel(result, x, y).entries())
          assert.ok(Math.abs((value as number) - (pixel(own, x, y)[c] as number)) < 1e-5);
      else assert.deepEqual(pixel(result, x, y), pixel(given, x, y));
  assert.match(notes.join(), /worked on in a square of 8×8 pixels at 0,0/);
  assert.deepEqual(one.origin, { code: null, windows: one.windows });
});

test('the seam is feathered by default, outside the mask only, and the rest is kept', async () => {
  const image = await colourful(64, 32);
  const given = await decodePicture(image);
  const mask = await maskOf(64, 32, (x, y) => x >= 30 && x < 34 && y >= 14 && y < 18);
  const [hard, soft] = await Promise.all(
    [{ feather: 0 }, {}].map(async (whole) => (await run({ guides: inpaint(image, mask), whole })).pictures[0]?.draw()),
  );
  assert.ok(hard && soft);
  let passing = 0;
  for (let y = 0; y < 32; y++)
    for (let x = 0; x < 64; x++) {
      const off = Math.max(30 - x, x - 33, 14 - y, y - 17);
      if (off <= 0) assert.deepEqual(pixel(soft, x, y), pixel(hard, x, y));
      else if (off > 1) assert.deepEqual(pixel(soft, x, y), pixel(given, x, y));
      else if (pixel(soft, x, y).join() !== pixel(given, x, y).join()) passing += 1;
    }
  assert.ok(passing >= 12, `${passing} pixels lie on the seam`);
});

test('separate parts are separate squares with their own codes and seeds; several results differ', async () => {
  const image = await colourful(40, 8);
  const mask = await maskOf(40, 8, (x) => x < 3 || x > 36);
  const { pictures, guides } = await run({ guides: inpaint(image, mask), count: 2, whole: {} });
  assert.deepEqual(
    pictures.map(({ windows }) => windows?.map(({ left, top, side }) => [left, top, side])),
    Array(2).fill([
      [0, 0, 8],
      [32, 0, 8],
    ]),
  );
  const codes = pictures.map(({ windows }) => windows?.map(({ codeString }) => codeString).join());
  assert.equal(new Set(codes).size, 2);
  assert.deepEqual(
    guides.map(({ name }) => name),
    ['inpaint'],
  );
});

test('in a square without known pixels the other guides decide; weights follow', async () => {
  const image = await colourful(64, 8);
  const mask = await maskOf(64, 8, (x) => x < 60);
  const target = { name: 'target', weight: 2, params: { image: await colourful(8, 8) } };
  const request = { guides: [...inpaint(image, mask), target], whole: {}, seed: 3 };
  const task = await prepareTask(engine, { kind: 'generate', request });
  assert.ok(task.descents.length > 1);
  assert.deepEqual([...new Set(task.descents.map(({ plan }) => plan.guides.length))].sort(), [1, 2]);
  task.setWeights([1, 3]);
  assert.throws(() => task.setWeights([1]), RangeError);
  const outcome = await runTask(task, inProcess());
  assert.deepEqual(
    outcome.guides.map(({ name }) => name),
    ['inpaint', 'target'],
  );
  assert.ok(outcome.guides.every(({ calls }) => calls > 0));
});

test('levels are reported once for all squares, with reduced pictures of the whole', async () => {
  const image = await colourful(1200, 400);
  const mask = await maskOf(300, 100, (x) => x < 10 || x > 290);
  const levels: LevelEvent[] = [];
  const { pictures } = await run({ guides: inpaint(image, mask), whole: {} }, (event) => levels.push(event));
  assert.equal(pictures[0]?.windows?.length, 2);
  assert.deepEqual(
    levels.map(({ level }) => level),
    [0, 1, 2, 3],
  );
  for (const { previews, guideScores } of levels) {
    assert.deepEqual(
      previews.map(({ width, height }) => [width, height]),
      [[512, 171]],
    );
    assert.equal(guideScores.length, 1);
  }
});

test('a cancelled request returns the whole picture with the progress of each square', async () => {
  const image = await colourful(40, 8);
  const mask = await maskOf(40, 8, (x) => x < 3 || x > 36);
  const controller = new AbortController();
  const request = { guides: inpaint(image, mask), whole: {}, seed: 3 };
  const task = await prepareTask(engine, { kind: 'generate', request }, { signal: controller.signal });
  const { type, level, pictures } = await runTask(
    task,
    inProcess(controller.signal, (event) => {
      if (event.level === 1) controller.abort();
    }),
  );
  assert.equal(type, 'cancelled');
  assert.equal(level, 2);
  const [one] = pictures;
  assert.deepEqual([one?.draw().width, one?.codeString, one?.code.length], [40, '', 2]);
  assert.ok(one?.windows?.every(({ code, codeString }) => code.length === 2 && codeString === ''));
});

test('transparency marks unknown pixels, and an inverted mask reverses them', async () => {
  const image = await fileOf(24, 8, (x, y) => [(37 * x) % 256, (91 * y) % 256, 60, x > 20 ? 0 : 255]);
  const [clear] = (await run({ guides: inpaint(image), whole: {} })).pictures;
  assert.deepEqual(
    clear?.windows?.map(({ left }) => left),
    [16],
  );
  const mask = await maskOf(24, 8, (x) => x <= 20);
  const [inverted] = (await run({ guides: inpaint(await colourful(24, 8), mask, true), whole: {} })).pictures;
  assert.deepEqual(
    inverted?.windows?.map(({ left }) => left),
    [16],
  );
});

/** A picture whose squares of 4 at 0 and 4 the model draws well: its own of most contrast, shrunk, side by side. */
async function makeable(): Promise<Uint8Array> {
  const all = await drawn(Array.from({ length: 256 }, (_, n) => [n & 3, (n >> 2) & 3, (n >> 4) & 3, n >> 6]));
  const contrast = ({ data }: Picture) => data.reduce((sum, value) => sum + value * value, 0);
  const parts = all.sort((a, b) => contrast(b) - contrast(a)).slice(0, 2);
  const small = parts.map((one) => ({
    ...one,
    data: resample(one.data, one, { width: 4, height: 4 }),
    width: 4,
    height: 4,
  }));
  return await encodePicture(mosaic(small, { columns: 2 }));
}

test('a picture that is not square is enlarged completely, in overlapping squares with one code each', async () => {
  const image = await makeable();
  const { pictures, notes } = await run({ guides: [{ name: 'super_resolution', params: { image } }], whole: {} });
  const [one] = pictures;
  assert.deepEqual([one?.width, one?.height], [16, 8]);
  const windows = one?.windows ?? [];
  const places = [0, 4, 8].map((left) => ({ left, top: 0, side: 8 }));
  assert.match(notes.join('\n'), /8×4 pixels were enlarged in 3 squares of 4×4, each to 8×8/);
  // Parts that the model cannot draw are resampled, and have no code.
  const made = places.filter(({ left }) => windows.some((window) => window.left === left));
  assert.ok(made.length >= 2 && windows.length === made.length);
  const given = await decodePicture(image);
  const codes = await drawn(windows.map(({ code }) => code));
  const parts = places.map(({ left }, i) => {
    const at = windows.findIndex((window) => window.left === left);
    return codes[at] ?? cropped(given, { left: 2 * i, top: 0, side: 4 }, 3);
  });
  const expected = blended({ windows: places, width: 16, height: 8 }, parts);
  const result = one?.draw() as Picture;
  assert.ok(result.data.every((value, p) => Math.abs(value - (expected.data[p] as number)) < 1e-5));
  assert.equal(/1 of 3 squares were enlarged by bicubic/.test(notes.join('\n')), made.length === 2);
});

test('a picture that the model cannot draw at all is refused with the reason', async () => {
  const image = await fileOf(11, 4, (x, y) => ((x + y) % 2 ? [255, 255, 255] : [0, 0, 0]));
  const guides = [{ name: 'super_resolution', params: { image } }];
  await assert.rejects(run({ guides, whole: {} }), {
    code: 'guide_refused',
    message:
      /cannot enlarge this picture: shrunk again, the model's pictures are down to [\d.]+ dB.*middle square alone/,
  });
});

test('what the model draws into a plain picture is not taken, however pale', async () => {
  for (const shade of [128, 129]) {
    const image = await fileOf(8, 4, (x) => [x < 4 ? 128 : shade, 128, 128]);
    await assert.rejects(run({ guides: [{ name: 'super_resolution', params: { image } }], whole: {} }), {
      code: 'guide_refused',
      message: /cannot enlarge this picture/,
    });
  }
});

test("a small square is the model's own picture", async () => {
  const small = [{ name: 'super_resolution', params: { image: await colourful(4, 4) } }];
  const [whole] = (await run({ guides: small, whole: {} })).pictures;
  const [pure] = (await run({ guides: small })).pictures;
  assert.deepEqual([whole?.codeString, whole?.windows], [pure?.codeString, undefined]);
});

test('a picture at least as large as the pictures of the model is enlarged twice, or according to window', async () => {
  const guides = [{ name: 'super_resolution', params: { image: await fileOf(20, 10, () => [127, 127, 127]) } }];
  const plans = [{}, { window: 8 }, { window: 5 }].map(async (whole) => {
    const { walk, size } = (await prepareWhole(engine, { guides, whole }, {})) ?? {};
    return [size?.width, size?.height, walk?.descents.length];
  });
  assert.deepEqual(await Promise.all(plans), [
    [40, 20, 21],
    [20, 10, 6],
    [32, 16, 15],
  ]);
});

test('invalid requests are refused with a remedy', async () => {
  const image = await colourful(24, 8);
  const white = await maskOf(24, 8, (x) => x < 3);
  const refusals: [GenerateRequest, RegExp][] = [
    [{ guides: [], whole: {} }, /expected one guide inpaint or super_resolution.*got 0/],
    [{ guides: inpaint(image, white), whole: { window: 9 } }, /whole.window: it is 9, expected at most .* 8/],
    [
      { guides: inpaint(image, await maskOf(24, 8, () => false)), whole: {} },
      /nothing to repaint: the mask read as black/,
    ],
    [{ guides: inpaint(image), whole: {} }, /nothing to repaint: there is no mask/],
    [
      { guides: inpaint(image, await maskOf(10, 10, () => true)), whole: {} },
      /mask: it is 10×10, expected the shape of the picture, 24×8/,
    ],
    [
      { guides: [{ name: 'super_resolution', params: { image: await colourful(300, 300) } }], whole: {} },
      /300×300 pixels in squares of 4 are 10000 squares of each of 1 results, more than 256 in all/,
    ],
    [
      { guides: inpaint(image, await maskOf(24, 8, (x) => x < 3 || x > 20)), whole: {}, prefix: [[0]] },
      /prefix: a picture of 2 squares/,
    ],
  ];
  for (const [request, message] of refusals) await assert.rejects(run(request), { message });
});
