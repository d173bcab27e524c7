import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import OpenAI, { type APIError, toFile } from 'openai';
import sharp from 'sharp';
import { parseCode } from '../../../src/contract/codes.ts';
import { readProvenance } from '../../../src/pictures/provenance.ts';
import { shortened } from '../../../src/server/openai/prompts.ts';
import { type Serving, serve } from '../serving.ts';
import { about, holedOf, pngOf } from './pictures.ts';

let serving: Serving;
let client: OpenAI;
before(async () => {
  serving = await serve();
  client = new OpenAI({ baseURL: `${serving.url}/v1`, apiKey: 'sk-none', maxRetries: 0 });
});
after(() => serving.close());

const png = async (side = 16) => await toFile(await pngOf(side), 'a.png', { type: 'image/png' });
const holed = async (side = 16) => await toFile(await holedOf(side), 'mask.png', { type: 'image/png' });

async function failure(asked: PromiseLike<unknown>): Promise<APIError> {
  try {
    await asked;
  } catch (error) {
    assert.ok(error instanceof OpenAI.APIError, String(error));
    return error;
  }
  return assert.fail('it was answered');
}

test('models are listed and found, aliases too', async () => {
  const ids = [];
  for await (const { id } of client.models.list()) ids.push(id);
  assert.ok(ids.includes('tiny') && ids.includes('dall-e-3'));
  assert.equal((await client.models.retrieve('gpt-image-1')).id, 'gpt-image-1');
  assert.equal((await failure(client.models.retrieve('gpt-9'))).status, 404);
});

test('generate: base64 in the requested format, with the options in the response', async () => {
  const { data, response } = await client.images
    .generate({ prompt: 'a red thing', model: 'gpt-image-1', n: 2, output_format: 'webp', quality: 'high', user: 'u' })
    .withResponse();
  assert.equal(data.data?.length, 2);
  const { format, width } = await about(data.data?.[0]?.b64_json);
  assert.deepEqual([format, width], ['webp', 8]);
  assert.deepEqual(
    [data.size, data.quality, data.output_format, data.background, data.usage?.output_tokens],
    ['8x8', 'high', 'webp', 'opaque', 8],
  );
  assert.ok(Math.abs(data.created - Date.now() / 1000) < 60);
  assert.ok(response.headers.get('x-request-id'));
});

test('sizes: larger by Lanczos, reported in headers; the nearest for sizes that are not square', async () => {
  const { data, response } = await client.images.generate({ prompt: 'x', size: '1024x1536' }).withResponse();
  assert.equal((await about(data.data?.[0]?.b64_json)).width, 1024);
  assert.equal(data.size, '1024x1024');
  assert.equal(response.headers.get('x-kandid-resized'), 'lanczos3 from 8x8');
});

test('nulls count as missing, and url is a permalink', async () => {
  const { data } = await client.images.generate({
    prompt: 'x',
    model: 'dall-e-3',
    n: null,
    size: null,
    quality: null,
    response_format: null,
    style: null,
    background: null,
    stream: null,
    partial_images: null,
    output_compression: null,
    moderation: null,
  });
  const { url = '' } = data?.[0] ?? {};
  const file = Buffer.from(await (await fetch(url)).arrayBuffer());
  assert.equal(readProvenance(file).model, 'tiny');
});

test('a stream contains pictures of real levels, then each result', async () => {
  const stream = await client.images.generate({
    prompt: 'x',
    stream: true,
    partial_images: 3,
    n: 2,
    output_format: 'jpeg',
    size: '256x256',
  });
  const events = [];
  for await (const event of stream) events.push(event);
  assert.deepEqual(
    events.map(({ type }) => type.replace('image_generation.', '')),
    ['partial_image', 'partial_image', 'partial_image', 'completed', 'completed'],
  );
  for (const [i, event] of events.entries()) {
    const { format, width } = await about(event.b64_json);
    assert.deepEqual([format, width, event.size, event.output_format], ['jpeg', 256, '256x256', 'jpeg']);
    assert.ok(event.created_at > 0 && 'image_index' in event);
    if (event.type === 'image_generation.partial_image') assert.equal(event.partial_image_index, i);
    else assert.equal(event.usage?.output_tokens, 8);
  }
});

/** Additional fields of a response. */
interface Beside {
  readonly seed: number;
  readonly notes: readonly string[];
}

test('without a seed each response differs and reports its seed; with a seed it is reproducible', async () => {
  const ask = async (more: object = {}, options: object = {}) => {
    const answer = await client.images.generate({ prompt: 'x', ...more }, options);
    return { seed: (answer as unknown as Beside).seed, picture: answer.data?.[0]?.b64_json };
  };
  const [one, other] = [await ask(), await ask()];
  assert.notEqual(one.seed, other.seed);
  assert.deepEqual(await ask({ seed: one.seed }), one);
  const key = { headers: { 'idempotency-key': 'again' } };
  assert.deepEqual(await ask({}, key), await ask({}, key));
  const { data, response } = await client.images.generate({ prompt: 'x' }).withResponse();
  assert.equal(response.headers.get('x-kandid-seed'), String((data as unknown as Beside).seed));
  const ends = [];
  for await (const event of await client.images.generate({ prompt: 'x', stream: true }))
    if (event.type === 'image_generation.completed') ends.push('seed' in event && 'notes' in event);
  assert.deepEqual(ends, [true]);
});

test('a prompt beyond the limit is truncated, with a note', async () => {
  const notesOf = async (asked: PromiseLike<unknown>) => ((await asked) as Beside).notes;
  const long = 'a woman with red hair and a hat '.repeat(1000).slice(0, 32_000).trim();
  const note = /^The prompt has 31\d\d\d characters; its first 49\d were read/;
  assert.match((await notesOf(client.images.generate({ prompt: long })))[0] ?? '', note);
  assert.match((await notesOf(client.images.edit({ prompt: long, image: await png() })))[0] ?? '', note);
  assert.deepEqual(await notesOf(client.images.generate({ prompt: 'red '.repeat(125) })), []);
  const { prompt } = shortened(`a${'\u{1f600}'.repeat(400)}`);
  assert.equal(prompt, `a${'\u{1f600}'.repeat(249)}`);
});

test('edit: a mask, transparent where repainted', async () => {
  const { data } = await client.images.edit({
    image: await png(),
    mask: await holed(),
    prompt: 'x',
    n: 1,
    size: '512x512',
  });
  const file = Buffer.from(data?.[0]?.b64_json ?? '', 'base64');
  assert.deepEqual(
    readProvenance(file).guides?.map(({ name }) => name),
    ['inpaint', 'text'],
  );
});

test('edit: several pictures, streamed; without a mask; with transparent parts', async () => {
  const names = async (image: Parameters<typeof client.images.edit>[0]['image']) => {
    const { data } = await client.images.edit({ image, prompt: 'x', output_compression: 100, input_fidelity: 'high' });
    return readProvenance(Buffer.from(data?.[0]?.b64_json ?? '', 'base64')).guides?.map(({ name }) => name);
  };
  assert.deepEqual(await names([await png(), await png(20)]), ['target', 'text', 'style']);
  assert.deepEqual(await names(await holed()), ['inpaint', 'text']);
  const stream = await client.images.edit({ image: [await png()], prompt: 'x', stream: true, partial_images: 1 });
  const types = [];
  for await (const { type } of stream) types.push(type);
  assert.deepEqual(types, ['image_edit.partial_image', 'image_edit.completed']);
});

test('variations: the first levels of the picture are kept', async () => {
  const { data } = await client.images.createVariation({ image: await png(), n: 2, response_format: 'b64_json' });
  const made = (data ?? []).map(({ b64_json }) => readProvenance(Buffer.from(b64_json ?? '', 'base64')));
  const encoded = await fetch(`${serving.url}/v1/encode`, { method: 'POST', body: formOf(await png()) });
  const { images } = (await encoded.json()) as { images: [{ code: number[] }] };
  const codes = made.map(({ code }) => parseCode(code ?? '', [4, 4, 4, 4]));
  for (const code of codes) assert.deepEqual(code.slice(0, 2), images[0].code.slice(0, 2));
  assert.notDeepEqual(codes[0], codes[1]);
  const links = await client.images.createVariation({ image: await png(), size: '256x256', user: 'u' });
  const file = Buffer.from(await (await fetch(links.data?.[0]?.url ?? '')).arrayBuffer());
  assert.equal((await sharp(file).metadata()).width, 256);
  const wrong = await failure(client.images.createVariation({ image: await toFile(Buffer.from('no'), 'a.png') }));
  assert.deepEqual([wrong.status, wrong.code], [400, 'picture_unreadable']);
});

function formOf(image: File): FormData {
  const form = new FormData();
  form.append('image', image);
  return form;
}

test('alternative names of fields, and files without a type', async () => {
  const bytes = Buffer.from(await (await png()).arrayBuffer());
  for (const names of [['image'], ['image', 'image'], ['image[]', 'image[]']]) {
    const form = new FormData();
    for (const name of names) form.append(name, new Blob([bytes]), 'unknown_file');
    form.append('mask[]', new Blob([Buffer.from(await (await holed()).arrayBuffer())]), 'm');
    for (const [name, value] of Object.entries({ prompt: 'x', n: '1', stream: 'false', quality: 'null' }))
      form.append(name, value);
    const answer = await fetch(`${serving.url}/v1/images/edits`, { method: 'POST', body: form });
    assert.equal(answer.status, 200, await answer.text());
  }
});

test('errors have the class, code and field that clients expect', async () => {
  const image = await png();
  const [small, none] = [await holed(8), await toFile(Buffer.from('no'), 'a.png')];
  const odd = { prompt: 'x', colour: 1 };
  const cases: [() => PromiseLike<unknown>, number, string, string | null][] = [
    [() => client.images.generate({ prompt: 'x', model: 'gpt-9' }), 404, 'model_not_found', 'model'],
    [() => client.images.generate({ prompt: 'x', size: 'huge' }), 400, 'invalid_value', 'size'],
    [() => client.images.generate({ prompt: 'x', n: 11 }), 400, 'invalid_value', 'n'],
    [() => client.images.generate({ prompt: '' }), 400, 'invalid_value', 'prompt'],
    [() => client.images.generate({ prompt: 'x', stream: true, n: 11 }), 400, 'invalid_value', 'n'],
    [() => client.images.generate(odd), 400, 'unknown_parameter', 'colour'],
    [() => client.images.edit({ prompt: 'x', image, mask: small }), 400, 'invalid_mask', 'mask'],
    [() => client.images.edit({ prompt: 'x', image: none }), 400, 'picture_unreadable', null],
    [() => client.images.generate({ prompt: 'word '.repeat(7000) }), 400, 'invalid_value', 'prompt'],
    [() => client.images.generate({ prompt: 'word '.repeat(7000), stream: true }), 400, 'invalid_value', 'prompt'],
  ];
  for (const [asked, status, code, param] of cases) {
    const error = await failure(asked());
    assert.deepEqual([error.status, error.code, error.param], [status, code, param], error.message);
    assert.ok(error.requestID && error.type === 'invalid_request_error');
  }
  const lost = await fetch(`${serving.url}/v1/chat/completions`, { method: 'POST' });
  assert.ok('error' in ((await lost.json()) as object));
});

test('closing a stream cancels its job', async () => {
  const { jobs } = serving.services;
  const stream = await client.images.generate({
    prompt: 'x',
    stream: true,
    partial_images: 3,
    n: 10,
    size: '2048x2048',
  });
  for await (const _ of stream) break;
  const [job] = jobs.list().jobs;
  assert.ok(job);
  await jobs.cancel(job);
  assert.ok(['cancelled', 'done'].includes((await job.ended).type));
});
