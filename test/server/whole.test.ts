/** Whole pictures over HTTP, as OpenAI's edits, and on the stream. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { readProvenance } from '../../src/pictures/provenance.ts';
import { post, type Serving, serve } from './serving.ts';
import { Socket } from './socket.ts';

const WIDTH = 40;
const HEIGHT = 16;

let serving: Serving;
let client: OpenAI;
let image: Buffer;
let mask: Buffer;
/** White at the left, outside the middle square. */
const MARKED = 6;

before(async () => {
  serving = await serve({ wholePixels: 4000 });
  client = new OpenAI({ baseURL: `${serving.url}/v1`, apiKey: 'none', maxRetries: 0 });
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
  const dots = Buffer.from(Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (i * 7919) % 251));
  image = await sharp(dots, { raw }).png().toBuffer();
  mask = await maskOf(0, MARKED);
});
after(() => serving.close());

async function maskOf(left: number, width: number): Promise<Buffer> {
  const black = { create: { width: WIDTH, height: HEIGHT, channels: 3, background: 'black' } } as const;
  const white = { create: { width, height: HEIGHT, channels: 3, background: 'white' } } as const;
  return await sharp(black)
    .composite([{ input: white, left, top: 0 }])
    .png()
    .toBuffer();
}

interface Answer {
  readonly images: readonly {
    readonly codeString: string | null;
    readonly url: string | null;
    readonly base64: string;
    readonly width: number;
    readonly height: number;
    readonly windows?: readonly { readonly left: number; readonly side: number; readonly codeString: string | null }[];
  }[];
  readonly notes: readonly string[];
}

async function asked(path: string, body: object): Promise<Answer> {
  const answer = await post(`${serving.url}${path}`, body);
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()) as Answer;
}

async function refusal(path: string, body: object): Promise<{ status: number; detail: string }> {
  const answer = await post(`${serving.url}${path}`, body);
  return (await answer.json()) as { status: number; detail: string };
}

const pixelsOf = async (file: Uint8Array) => await sharp(file).removeAlpha().raw().toBuffer();
const base64 = (bytes: Buffer) => bytes.toString('base64');

/** Columns in which two pictures of equal size differ. */
async function changed(file: Uint8Array): Promise<number[]> {
  const [one, other] = [await pixelsOf(file), await pixelsOf(image)];
  assert.equal(one.length, other.length);
  const columns = Array.from({ length: WIDTH }, (_, x) => x);
  return columns.filter((x) =>
    Array.from({ length: HEIGHT * 3 }, (_, i) => 3 * (Math.floor(i / 3) * WIDTH + x) + (i % 3)).some(
      (at) => one[at] !== other[at],
    ),
  );
}

test('inpaint keeps size, shape and pixels of the upload; codes are reported, without a permalink', async () => {
  const { images, notes } = await asked('/v1/inpaint', {
    image: base64(image),
    mask: base64(mask),
    seed: 1,
    feather: 0,
  });
  const [one] = images;
  assert.deepEqual([one?.width, one?.height, one?.url], [WIDTH, HEIGHT, null]);
  assert.deepEqual(
    one?.windows?.map(({ left, side, codeString }) => [left, side, codeString]),
    [[0, HEIGHT, one?.codeString]],
  );
  const file = Buffer.from(one?.base64 ?? '', 'base64');
  const columns = await changed(file);
  assert.ok(columns.length > 0 && columns.every((x) => x < MARKED), columns.join());
  assert.match(notes.join(), /worked on in a square of 16×16 pixels at 0,0/);
  const { code, windows, guides } = readProvenance(file);
  assert.deepEqual([code, windows?.[0]?.codeString, guides?.[0]?.name], [null, one?.codeString, 'inpaint']);
  const soft = await asked('/v1/inpaint', { image: base64(image), mask: base64(mask), seed: 1 });
  assert.deepEqual(await changed(Buffer.from(soft.images[0]?.base64 ?? '', 'base64')), [0, 1, 2, 3, 4, 5, 6]);
});

test('"whole": false returns the picture of the model with its permalink', async () => {
  const pure = { image: base64(image), mask: base64(await maskOf(16, 8)), seed: 1, whole: false };
  const { images, notes } = await asked('/v1/inpaint', pure);
  assert.deepEqual([images[0]?.width, images[0]?.height, images[0]?.windows], [8, 8, undefined]);
  assert.ok(images[0]?.url);
  assert.match(notes.join(), /the picture is 40×16: only its middle square is used/);
  const sized = await asked('/v1/inpaint', { ...pure, whole: true, size: 80 });
  assert.deepEqual([sized.images[0]?.width, sized.images[0]?.height], [80, 32]);
});

test('a form is equivalent to JSON', async () => {
  const form = new FormData();
  form.append('image', new Blob([new Uint8Array(image)]));
  form.append('mask', new Blob([new Uint8Array(mask)]));
  form.append('feather', '0');
  form.append('format', 'webp');
  const answer = await fetch(`${serving.url}/v1/inpaint`, { method: 'POST', body: form });
  assert.equal(((await answer.json()) as Answer).images[0]?.width, WIDTH);
});

test('every route that crops reports it', async () => {
  for (const path of ['/v1/colorize', '/v1/denoise', '/v1/style', '/v1/encode']) {
    const { notes } = await asked(path, { image: base64(image) });
    assert.match(notes.join('\n'), /is 40×16( pixels)?: only its middle square is used/, path);
  }
});

test('a picture that cannot be enlarged whole is refused with the reason; its middle square is available', async () => {
  const refused = await refusal('/v1/super-resolution', { image: base64(image) });
  assert.equal(refused.status, 422);
  assert.match(refused.detail, /cannot enlarge this picture: .* middle square alone \(whole false/);
  const { images, notes } = await asked('/v1/super-resolution', { image: base64(image), whole: false });
  assert.equal(images[0]?.width, 8);
  assert.match(notes.join(), /40×16: only its middle square is used/);
});

test('the cost is that of the whole picture: too many squares or pixels are refused before any computation', async () => {
  const large = await sharp(image).resize(100, 50).png().toBuffer();
  const pixels = await refusal('/v1/super-resolution', { image: base64(large) });
  assert.equal(pixels.status, 413);
  assert.match(pixels.detail, /100×50 pixels, more than the 4000/);
  const many = await refusal('/v1/super-resolution', { image: base64(image), window: 4, count: 100 });
  assert.match(many.detail, /number of results times their beams and particles is 6500, more than the 256/);
});

test('OpenAI edits have the size of the upload, and fit into a requested size', async () => {
  const picture = () => toFile(image, 'a.png', { type: 'image/png' });
  const hole = async () =>
    await toFile(
      await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 4, background: '#000' } })
        .composite([
          {
            input: { create: { width: MARKED, height: HEIGHT, channels: 4, background: '#fff' } },
            left: 0,
            top: 0,
            blend: 'dest-out',
          },
        ])
        .png()
        .toBuffer(),
      'm.png',
      { type: 'image/png' },
    );
  const edit = async (more: object) => {
    const answer = await client.images.edit({ image: await picture(), mask: await hole(), prompt: 'x', ...more });
    const file = Buffer.from(answer.data?.[0]?.b64_json ?? '', 'base64');
    const { width, height } = await sharp(file).metadata();
    return { file, shape: [width, height, answer.size as string] };
  };
  const own = await edit({ size: 'auto' });
  assert.deepEqual(own.shape, [WIDTH, HEIGHT, '40x16']);
  assert.deepEqual(await changed(own.file), [0, 1, 2, 3, 4, 5, 6]);
  assert.deepEqual((await edit({ size: '1024x1024' })).shape, [1024, 410, '1024x410']);
  // The mask is outside the middle square.
  await assert.rejects(edit({ whole: false }), { status: 422, message: /in the middle square that the model sees/ });
  const events = await client.images.edit({
    image: await picture(),
    mask: await hole(),
    prompt: 'x',
    stream: true,
    partial_images: 1,
  });
  const sizes = [];
  for await (const event of events) {
    const { width, height } = await sharp(Buffer.from(event.b64_json, 'base64')).metadata();
    sizes.push([event.type, width, height, event.size as string]);
  }
  assert.deepEqual(sizes, [
    ['image_edit.partial_image', WIDTH, HEIGHT, '40x16'],
    ['image_edit.completed', WIDTH, HEIGHT, '40x16'],
  ]);
});

test('the stream shows the whole picture level by level, and can be cancelled', async () => {
  const socket = await Socket.open(serving.url);
  const both = await sharp(mask)
    .composite([{ input: await maskOf(34, 6), blend: 'add' }])
    .png()
    .toBuffer();
  const guides = [{ name: 'inpaint', params: { image: base64(image), mask: base64(both) } }];
  socket.say({ type: 'generate', id: 'a', seed: 1, guides, whole: { feather: 0 }, previews: { perSecond: 60 } });
  const done = await socket.next('done');
  assert.deepEqual(
    done.images[0]?.windows?.map(({ left }) => left),
    [0, 24],
  );
  const levels = socket.came.flatMap((one) => (one.type === 'level' ? one.level : []));
  assert.deepEqual(levels, [0, 1, 2, 3]);
  for (const frame of socket.came)
    if (frame.type === 'preview' || frame.type === 'image')
      assert.deepEqual([frame.width, frame.height], [WIDTH, HEIGHT], frame.type);
  const held = [...guides, { name: 'hold', params: { level: 2 } }];
  socket.say({ type: 'generate', id: 'b', seed: 1, guides: held, whole: {} });
  await socket.next('level', ({ id, level }) => id === 'b' && level === 1);
  socket.say({ type: 'cancel', id: 'b' });
  const { images } = await socket.next('cancelled', ({ id }) => id === 'b');
  assert.deepEqual(
    images[0]?.windows?.map(({ code }) => code.length),
    [2, 2],
  );
  await socket.leave();
});
