/** The contract of the Images API, with OpenAI's client: all options, and the notes about unsupported ones. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import OpenAI, { APIUserAbortError, toFile } from 'openai';
import sharp from 'sharp';
import { readProvenance } from '../../../src/pictures/provenance.ts';
import { partialLevels } from '../../../src/server/openai/requests.ts';
import { type Serving, serve } from '../serving.ts';
import { about, dataUrl, holedOf, pngOf } from './pictures.ts';

let serving: Serving;
let client: OpenAI;
/** Serves pictures from a separate address. */
const pictures = createServer((request, response) => {
  if (request.url === '/a.png') void pngOf().then((bytes) => response.end(bytes));
  else if (request.url === '/large') response.end(Buffer.alloc(2 ** 20 + 1));
  else if (request.url === '/cut') {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    setImmediate(() => response.destroy());
  } else {
    response.writeHead(302, { location: '/a.png' });
    response.end();
  }
});
let pictureHost = '';

before(async () => {
  await new Promise<void>((resolve) => pictures.listen(0, '127.0.0.1', resolve));
  pictureHost = `127.0.0.1:${(pictures.address() as AddressInfo).port}`;
  serving = await serve({ allowedHosts: [pictureHost], bodyBytes: 2 ** 20 });
  client = new OpenAI({ baseURL: `${serving.url}/v1`, apiKey: 'sk-none', maxRetries: 0 });
});
after(async () => {
  pictures.close();
  await serving.close();
});

/** A prompt with words that the text model of the tests knows. */
const PROMPT = 'red';

async function edits(body: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' };
  return await fetch(`${serving.url}/v1/images/edits`, { method: 'POST', headers, body: JSON.stringify(body) });
}

interface Failure {
  readonly error: { readonly message: string; readonly param: string | null; readonly code: string };
}
const failureOf = async (response: Response) => ((await response.json()) as Failure).error;
const guidesOf = (b64 = '') => readProvenance(Buffer.from(b64, 'base64')).guides ?? [];
const notesOf = (answer: unknown) => (answer as { notes: string[] }).notes;

test('unsupported fields are ignored, and listed in a header', async () => {
  const aside = { user: 'u', safety_identifier: 's', moderation: 'low', complexity: 'high' } as const;
  const { response } = await client.images
    .generate({ prompt: PROMPT, ...aside, style: 'vivid', partial_images: 2, output_compression: 50 })
    .withResponse();
  assert.equal(
    response.headers.get('x-kandid-ignored'),
    'user, safety_identifier, moderation, complexity, style, output_compression, partial_images',
  );
  const image = await toFile(await pngOf(), 'a.png', { type: 'image/png' });
  const edited = await client.images.edit({ prompt: PROMPT, image, ...aside }).withResponse();
  assert.equal(edited.response.headers.get('x-kandid-ignored'), 'user, safety_identifier, moderation, complexity');
  const plain = await client.images.generate({ prompt: PROMPT }).withResponse();
  for (const name of ['ignored', 'changed', 'notes'])
    assert.equal(plain.response.headers.get(`x-kandid-${name}`), null);
});

test('edits as JSON: data URLs, several pictures and a mask; also streamed', async () => {
  const [image, mask] = [dataUrl(await pngOf()), dataUrl(await holedOf())];
  const images = [{ image_url: image }, { image_url: image }];
  const response = await edits({ prompt: PROMPT, images, mask: { image_url: mask }, quality: null });
  assert.equal(response.status, 200);
  const { data } = (await response.json()) as { data: { b64_json: string }[] };
  assert.deepEqual(
    guidesOf(data[0]?.b64_json).map(({ name }) => name),
    ['inpaint', 'text', 'style'],
  );
  const events = await (await edits({ prompt: PROMPT, images, stream: true, partial_images: 1 })).text();
  assert.deepEqual(events.match(/^event: .*$/gm), ['event: image_edit.partial_image', 'event: image_edit.completed']);
});

test('edits as JSON: URLs of allowed hosts only', async () => {
  const ask = (url: string) => edits({ prompt: PROMPT, images: [{ image_url: url }] });
  assert.equal((await ask(`http://${pictureHost}/a.png`)).status, 200);
  for (const [url, problem] of [
    ['http://127.0.0.1:1/a.png', /not on the list of hosts/],
    ['http://user:secret@example.org/a.png', /user name or password/],
    [`http://${pictureHost}/moved`, /answered 302.*redirects are not followed/],
    [`http://${pictureHost}/large`, /more than 1048576 bytes/],
    [`http://${pictureHost}/cut`, /could not be read/],
  ] as const) {
    const response = await ask(url);
    const { message, param } = await failureOf(response);
    assert.deepEqual([response.status, param], [400, 'images.0.image_url'], message);
    assert.match(message, problem);
  }
  const file = await edits({ prompt: PROMPT, images: [{ file_id: 'file-1' }] });
  assert.match((await failureOf(file)).message, /file_id: files are not kept here; expected image_url/);
  assert.equal(serving.services.intake.budget.held, 0);
});

test('names of OpenAI models are aliases; the setting overrides them, and existing models come first', async () => {
  for (const model of ['gpt-image-2.6-sunburst', 'gpt-image-9-2030-01-01', 'dall-e-4', 'chatgpt-image-next']) {
    const { response } = await client.images
      .generate({ prompt: PROMPT, model, response_format: 'b64_json' })
      .withResponse();
    assert.equal(response.headers.get('x-kandid-model'), 'tiny', model);
  }
  const ids = (await client.models.list()).data.map(({ id }) => id);
  assert.ok(ids.includes('gpt-image-2.6-flare') && !ids.some((id) => id.includes('*')));
  const own = await serve({ aliases: { 'gpt-image-*': 'tiny', 'gpt-image-1': 'nowhere', 'ti*': 'nowhere' } });
  try {
    const other = new OpenAI({ baseURL: `${own.url}/v1`, apiKey: 'none', maxRetries: 0 });
    assert.equal((await other.images.generate({ prompt: PROMPT, model: 'gpt-image-2' })).data?.length, 1);
    assert.equal((await other.images.generate({ prompt: PROMPT, model: 'tiny' })).data?.length, 1);
    for (const model of ['gpt-image-1', 'dall-e-3'])
      await assert.rejects(other.images.generate({ prompt: PROMPT, model }).asResponse(), OpenAI.NotFoundError);
  } finally {
    await own.close();
  }
});

test('gif: the descent with the requested frames and duration; the metadata contain the provenance', async () => {
  const asked = { prompt: PROMPT, size: '64x64', frame_count: 3, frame_duration_ms: 124 };
  const answer = await client.images.generate({ ...asked, output_format: 'gif', n: 2 });
  assert.equal(answer.output_format, 'gif');
  for (const { b64_json } of answer.data ?? []) {
    const { format, pages, delay, width, pageHeight } = await about(b64_json);
    assert.deepEqual([format, pages, delay, width, pageHeight], ['gif', 3, [120, 120, 120], 64, 64]);
    assert.equal(guidesOf(b64_json)[0]?.name, 'text');
  }
  const webp = await client.images.generate({ ...asked, output_format: 'webp' });
  const { format, pages, delay } = await about(webp.data?.[0]?.b64_json);
  assert.deepEqual([format, pages, delay], ['webp', 3, [120, 120, 120]]);
  assert.equal(guidesOf(webp.data?.[0]?.b64_json)[0]?.name, 'text');
  const still = await client.images.generate({ prompt: PROMPT, frame_count: 3 }).withResponse();
  assert.equal(still.response.headers.get('x-kandid-ignored'), 'frame_count');
  assert.equal((await about(still.data.data?.[0]?.b64_json)).pages, undefined);
});

test('gif: nine frames by default, limited by the levels with a note; streams, edits and url too', async () => {
  const answer = await client.images.generate({ prompt: PROMPT, output_format: 'gif' });
  assert.equal((await about(answer.data?.[0]?.b64_json)).pages, 4);
  assert.match(notesOf(answer).join(), /9 frames were asked for; the model has 4 levels/);
  const events = [];
  const stream = await client.images.generate({
    prompt: PROMPT,
    output_format: 'gif',
    stream: true,
    partial_images: 1,
  });
  for await (const event of stream) events.push((await about(event.b64_json)).pages ?? 1);
  assert.deepEqual(events, [1, 4]);
  const image = await toFile(await pngOf(), 'a.png', { type: 'image/png' });
  const mask = await toFile(await holedOf(), 'm.png', { type: 'image/png' });
  const edited = await client.images.edit({ prompt: PROMPT, image, mask, output_format: 'gif', frame_count: 2 });
  assert.equal((await about(edited.data?.[0]?.b64_json)).pages, 2);
  const linked = await client.images.generate({ prompt: PROMPT, output_format: 'gif', response_format: 'url' });
  assert.match(linked.data?.[0]?.url ?? '', /^data:image\/gif;base64,/);
});

test('a negative prompt is passed to the guide text', async () => {
  const asked = { prompt: PROMPT, negative_prompt: 'a hat' };
  const { data } = await client.images.generate(asked);
  assert.deepEqual(guidesOf(data?.[0]?.b64_json)[0]?.params, { prompt: PROMPT, negative: 'a hat' });
  const image = await toFile(await pngOf(), 'a.png', { type: 'image/png' });
  const edited = await client.images.edit({ image, ...asked });
  assert.equal(guidesOf(edited.data?.[0]?.b64_json)[1]?.params?.negative, 'a hat');
  const none = await client.images.generate({ ...asked, negative_prompt: '' } as typeof asked);
  assert.deepEqual(guidesOf(none.data?.[0]?.b64_json)[0]?.params, { prompt: PROMPT });
  const long = await client.images.generate({ ...asked, negative_prompt: 'hat '.repeat(200) } as typeof asked);
  assert.match(notesOf(long).join(), /^The negative prompt has 799 characters; its first 499 were read/);
});

test('unsupported values are replaced by the nearest ones with a note; in strict mode they are refused', async () => {
  const asked = { prompt: PROMPT, background: 'transparent', size: '20x3000', quality: 'max' } as const;
  const { data, response } = await client.images.generate(asked).withResponse();
  assert.deepEqual([data.background, data.size, data.quality], ['opaque', '20x20', 'max']);
  assert.equal(response.headers.get('x-kandid-changed'), 'background, size');
  assert.deepEqual(JSON.parse(response.headers.get('x-kandid-notes') ?? ''), notesOf(data));
  assert.deepEqual(notesOf(data), [
    'A transparent background was asked for; pictures here are opaque.',
    'The size 20x3000 was asked for; pictures here are square: it is 20x20.',
  ]);
  const largest = await client.images.generate({ prompt: PROMPT, size: '3840x2160' });
  assert.equal(largest.size, '2048x2048');
  const strict = await serve({ openaiRequests: 'strict' });
  try {
    const other = new OpenAI({ baseURL: `${strict.url}/v1`, apiKey: 'none', maxRetries: 0 });
    for (const [more, code, param] of [
      [{ background: 'transparent' }, 'invalid_value', 'background'],
      [{ size: '1024x1536' }, 'invalid_size', 'size'],
    ] as const) {
      const refused = other.images.generate({ prompt: PROMPT, ...more });
      await assert.rejects(refused, { status: 400, code, param });
    }
    assert.equal((await other.images.generate({ prompt: PROMPT, size: '16x16', background: 'opaque' })).size, '16x16');
  } finally {
    await strict.close();
  }
});

test('form fields as Python writes them are parsed', async () => {
  const ask = async (fields: Readonly<Record<string, string>>) => {
    const form = new FormData();
    form.append('image[0]', new Blob([new Uint8Array(await pngOf())]), 'a.png');
    for (const [name, value] of Object.entries({ prompt: 'None', ...fields })) form.append(name, value);
    return await fetch(`${serving.url}/v1/images/edits`, { method: 'POST', body: form });
  };
  const many = await ask({
    n: '2.0',
    stream: 'False',
    size: 'None',
    quality: '',
    seed: '7.',
    output_compression: '1.0',
  });
  const { data, seed } = (await many.json()) as { data: { b64_json: string }[]; seed: number };
  assert.deepEqual([data.length, seed], [2, 7]);
  assert.equal(guidesOf(data[0]?.b64_json)[1]?.params?.prompt, 'None');
  const streamed = await ask({ stream: 'True', partial_images: '1.0' });
  assert.match(streamed.headers.get('content-type') ?? '', /event-stream/);
  await streamed.text();
  assert.match((await failureOf(await ask({ n: '1.5' }))).message, /n: /);
});

test('svg and other markup are refused with a remedy', async () => {
  const image = await toFile(await pngOf(), 'a.png', { type: 'image/png' });
  for (const [asked, param, remedy] of [
    [() => client.images.generate({ prompt: PROMPT, output_format: 'svg' }), 'output_format', /png, jpeg, webp or gif/],
    [() => client.images.generate({ prompt: PROMPT, svg: { model: 'x' } }), 'svg', /png, jpeg, webp or gif/],
    [() => client.images.edit({ prompt: PROMPT, image, svg: { model: 'x' } }), 'svg', /png, jpeg, webp or gif/],
    [() => client.images.edit({ prompt: PROMPT, image, markup: image }), 'markup', /give a mask/],
  ] as const)
    await assert.rejects(asked(), (error: unknown) => {
      assert.ok(error instanceof OpenAI.BadRequestError);
      assert.deepEqual([error.param, error.code], [param, 'invalid_value']);
      assert.match(error.message, remedy);
      return true;
    });
});

test('more partial images than earlier levels: each available one once', async () => {
  const stream = await client.images.generate({ prompt: PROMPT, stream: true, partial_images: 3, size: '16x16' });
  const indices = [];
  for await (const event of stream)
    if (event.type === 'image_generation.partial_image') indices.push(event.partial_image_index);
  assert.deepEqual(indices, [0, 1, 2]);
  assert.deepEqual(
    [43, 4, 3, 2, 1].map((levels) => partialLevels(levels, 3)),
    [[9, 20, 31], [0, 1, 2], [0, 1], [0], []],
  );
  await assert.rejects(client.images.generate({ prompt: PROMPT, stream: true, partial_images: 4 }), { status: 400 });
});

test('a disconnect cancels the work, streamed or not; with an idempotency key the response remains available', async () => {
  const { jobs } = serving.services;
  const slow = { prompt: PROMPT, n: 10, size: '2048x2048' } as const;
  const left = new AbortController();
  const asking = client.images.generate(slow, { signal: left.signal });
  const submitted = () => jobs.list().jobs.find(({ isOpen }) => isOpen);
  while (!submitted()) await new Promise((resolve) => setImmediate(resolve));
  const job = submitted();
  left.abort();
  await assert.rejects(asking, APIUserAbortError);
  assert.equal((await job?.ended)?.type, 'cancelled');

  const key = { headers: { 'idempotency-key': 'come-back' } };
  const again = { prompt: PROMPT, stream: true } as const;
  for await (const _ of await client.images.generate(again, key)) break;
  const events = [];
  for await (const event of await client.images.generate(again, key)) events.push(event.type);
  assert.deepEqual(events, ['image_generation.completed']);
  const made = jobs.list().jobs.filter(({ spec }) => spec.idempotencyKey === 'come-back');
  assert.equal(made.length, 1);
});

test('a picture cropped to its middle square is reported in the response and a header', async () => {
  const wide = await sharp(await pngOf())
    .resize(32, 16, { fit: 'fill' })
    .png()
    .toBuffer();
  const image = await toFile(wide, 'a.png', { type: 'image/png' });
  for (const asked of [client.images.createVariation({ image }), client.images.edit({ image, prompt: PROMPT })]) {
    const { data, response } = await asked.withResponse();
    assert.match(notesOf(data).join(), /32×16.*: only its middle square is used/);
    assert.deepEqual(JSON.parse(response.headers.get('x-kandid-notes') ?? '[]'), notesOf(data));
  }
});
