import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { readProvenance } from '../../src/pictures/provenance.ts';
import { allRoutes } from '../../src/server/app.ts';
import { post, type Serving, serve } from './serving.ts';

let serving: Serving;
let picture: Buffer;
before(async () => {
  serving = await serve({ bodyBytes: 300_000, limitPixels: 10_000 });
  picture = await sharp({ create: { width: 12, height: 12, channels: 3, background: '#804020' } })
    .png()
    .toBuffer();
});
after(() => serving.close());

// biome-ignore format: one line each
interface Image { code: number[]; codeString: string; url: string; base64?: string; mime: string; psnr?: number }
type Result = { job: string; state: string; seed: number; images: Image[] };
type Job = { id: string; state: string };
type Named = { name: string; isDefault?: boolean; params?: object };
type Document = {
  openapi: string;
  paths: Record<string, Record<string, object>>;
  components: { schemas: Record<string, object> };
};
type Problem = { code: string; detail: string; status: number; instance: string };

const url = (path: string) => `${serving.url}${path}`;
const ask = (path: string, body: unknown, headers?: Record<string, string>) => post(url(path), body, headers);

async function json<T>(answer: Response): Promise<T> {
  return (await answer.json()) as T;
}

async function result(answer: Response): Promise<Result> {
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()) as Result;
}

async function refusal(answer: Response, status: number, code: string): Promise<Problem> {
  const problem = (await answer.json()) as Problem;
  assert.deepEqual([answer.status, problem.code], [status, code], problem.detail);
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
  assert.equal(problem.status, status);
  return problem;
}

test('generate returns pictures with codes, links and provenance', async () => {
  const answer = await ask('/v1/generate', { seed: 5, count: 2, format: 'webp' });
  const { images, seed } = await result(answer);
  assert.equal(seed, 5);
  assert.equal(images.length, 2);
  for (const { base64 = '', url: link, codeString, mime } of images) {
    assert.equal(mime, 'image/webp');
    const file = Buffer.from(base64, 'base64');
    assert.deepEqual([readProvenance(file).code, readProvenance(file).seed], [codeString, 5]);
    const again = await fetch(link);
    assert.equal(again.headers.get('content-type'), 'image/webp');
    const pixels = async (bytes: Buffer) => await sharp(bytes).raw().toBuffer();
    assert.deepEqual(await pixels(Buffer.from(await again.arrayBuffer())), await pixels(file));
  }
  for (const name of ['x-request-id', 'x-kandid-job', 'x-total-time', 'x-content-type-options'])
    assert.ok(answer.headers.get(name), name);
});

test('Accept selects the picture itself', async () => {
  const answer = await ask('/v1/generate', { seed: 5, size: 32 }, { accept: 'image/png' });
  assert.equal(answer.headers.get('content-type'), 'image/png');
  const { width, format } = await sharp(Buffer.from(await answer.arrayBuffer())).metadata();
  assert.deepEqual([width, format], [32, 'png']);
  assert.match(answer.headers.get('content-location') ?? '', /^\/v1\/images\/tiny@[0-9a-f]{8}\/[\w-]+\.png\?size=32$/);
});

test('the descent as an animation with the requested number of frames; an animation has no permalink', async () => {
  const ask = (more: object) =>
    post(`${serving.url}/v1/generate`, { seed: 1, size: 32, ...more }, { accept: 'image/*' });
  for (const [more, format, pages, delay] of [
    [{ format: 'gif' }, 'gif', 4, 80],
    [{ format: 'gif', animation: { frames: 2, frameMs: 200 } }, 'gif', 2, 200],
    [{ format: 'webp', animation: { frames: 3 } }, 'webp', 3, 80],
  ] as const) {
    const answer = await ask(more);
    assert.equal(answer.headers.get('content-location'), null);
    const about = await sharp(Buffer.from(await answer.arrayBuffer()), { animated: true }).metadata();
    assert.deepEqual([about.format, about.pages, about.delay?.[0], about.width], [format, pages, delay, 32]);
  }
  const wrong = await ask({ format: 'png', animation: {} });
  assert.equal(wrong.status, 400);
  assert.match(((await wrong.json()) as { detail: string }).detail, /animation: png files show one picture; expected/);
});

test('every task accepts a form, and JSON with base64', async () => {
  const base64 = picture.toString('base64');
  const white = {
    input: { create: { width: 6, height: 12, channels: 3, background: 'white' } },
    left: 0,
    top: 0,
  } as const;
  const black = { create: { width: 12, height: 12, channels: 3, background: 'black' } } as const;
  const mask = (await sharp(black).composite([white]).png().toBuffer()).toString('base64');
  for (const [path, extra] of [
    ['/v1/inpaint', { mask, seed: 1 }],
    ['/v1/super-resolution', { whole: false }],
    ['/v1/colorize', {}],
    ['/v1/denoise', { sigma: 0.1 }],
    ['/v1/style', { content: `data:image/png;base64,${base64}` }],
    ['/v1/encode', { beams: 2 }],
  ] as const) {
    const fields = { image: base64, ...extra };
    assert.equal((await result(await ask(path, fields))).images.length, 1, path);
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) {
      const isPicture = name === 'image' || name === 'mask' || name === 'content';
      const bytes = Buffer.from(String(value).replace(/^data:.*,/, ''), 'base64');
      form.append(name, isPicture ? new Blob([bytes]) : String(value));
    }
    form.append('sampler', '{"temperature": 0.5}');
    if (path === '/v1/encode') form.delete('sampler');
    assert.equal((await result(await fetch(url(path), { method: 'POST', body: form }))).images.length, 1, path);
  }
});

test('codes: encode, decode, vary, cross, info', async () => {
  const encoded = await result(await ask('/v1/encode', { image: picture.toString('base64') }));
  const [image] = encoded.images;
  assert.ok(image && typeof image.psnr === 'number');
  const decoded = await result(await ask('/v1/decode', { codes: [image.code, image.codeString] }));
  assert.deepEqual(
    decoded.images.map(({ base64 }) => base64?.length),
    [image.base64?.length, image.base64?.length],
  );
  const varied = await result(await ask('/v1/vary', { code: image.codeString, keep: 2, seed: 1, count: 2 }));
  for (const { code } of varied.images) assert.deepEqual(code.slice(0, 2), image.code.slice(0, 2));
  const other = varied.images[0] as Image;
  const crossed = (await (await ask('/v1/cross', { a: image.code, b: other.codeString, at: 3 })).json()) as Image;
  assert.deepEqual(crossed.code, [...image.code.slice(0, 3), ...other.code.slice(3)]);
  const told = await json<{ code: string }>(await ask('/v1/info', { image: image.base64 }));
  assert.equal(told.code, image.codeString);
  await refusal(await ask('/v1/info', { image: picture.toString('base64') }), 404, 'provenance_missing');
});

test('permalinks: redirect, immutable caching, 304, HEAD, negotiation, sizes, levels', async () => {
  const { images } = await result(await ask('/v1/generate', { seed: 9, base64: false }));
  const { codeString, url: link, base64 } = images[0] as Image;
  assert.equal(base64, undefined);
  const first = await fetch(url(`/v1/images/tiny/${codeString}.png?size=16`), { redirect: 'manual' });
  assert.equal(first.status, 307);
  assert.match(first.headers.get('location') ?? '', /\/v1\/images\/tiny@[0-9a-f]{8}\/.*\.png\?size=16$/);
  const there = await fetch(link);
  assert.match(there.headers.get('cache-control') ?? '', /immutable/);
  const tag = there.headers.get('etag') as string;
  const before = serving.services.jobs.list({ limit: 1000 }).jobs.length;
  const same = await fetch(link, { headers: { 'if-none-match': `"x", ${tag}` } });
  assert.equal(same.status, 304);
  const head = await fetch(link, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('etag'), head.headers.get('content-type')], [200, tag, 'image/png']);
  assert.equal(serving.services.jobs.list({ limit: 1000 }).jobs.length, before, 'no worker is asked');
  const bare = link.replace('.png', '');
  const chosen = await fetch(bare, { headers: { accept: 'image/png;q=0.5, image/webp' } });
  assert.deepEqual([chosen.headers.get('content-type'), chosen.headers.get('vary')], ['image/webp', 'Accept']);
  const small = await fetch(`${link}?level=0&size=32`);
  assert.equal((await sharp(Buffer.from(await small.arrayBuffer())).metadata()).width, 32);
  assert.equal((await fetch(bare, { headers: { accept: 'text/html' } })).status, 406);
  await refusal(await fetch(link.replace(/@[0-9a-f]{8}/, '@00000000')), 404, 'model_unknown');
  await refusal(await fetch(url('/v1/images/tiny/zzzzzzzz.png')), 400, 'code_invalid');
  await refusal(await fetch(`${link}?size=9999`), 400, 'params_invalid');
});

test('jobs: asynchronous, listed, followed, cancelled', async () => {
  const body = { seed: 3, count: 1, guides: [{ name: 'hold' }] };
  const later = await ask('/v1/generate', body, { prefer: 'respond-async' });
  assert.equal(later.status, 202);
  const place = later.headers.get('location') as string;
  const events = await fetch(url(`${place}/events`));
  assert.equal(events.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  const gone = await fetch(url(place), { method: 'DELETE' });
  assert.equal(gone.status, 202);
  const text = await events.text();
  assert.match(text, /event: queued\n/);
  assert.match(text, /event: cancelled\ndata: .*"state":"cancelled"/);
  const told = await json<Job>(await fetch(url(place)));
  assert.equal(told.state, 'cancelled');
  const list = await json<{ jobs: Job[]; hasMore: boolean }>(await fetch(url('/v1/jobs?limit=1')));
  assert.deepEqual([list.jobs.length, list.jobs[0]?.id, list.hasMore], [1, told.id, true]);
  const done = await ask('/v1/jobs', { seed: 3 });
  assert.equal(done.status, 202);
  const finished = await (await fetch(url(`${done.headers.get('location')}/events`))).text();
  const last = JSON.parse(finished.trim().split('data: ').at(-1) ?? '');
  assert.deepEqual([last.type, last.result.seed, last.result.images.length], ['done', 3, 1]);
  const rest = await fetch(url(`${done.headers.get('location')}/events`), {
    headers: { 'last-event-id': `${last.seq - 1}` },
  });
  assert.equal((await rest.text()).split('event: ').length, 2);
  await refusal(await fetch(url('/v1/jobs/job_x')), 404, 'job_unknown');
});

test('Prefer: wait returns the state of the job if it takes longer, and the job continues', async () => {
  const quick = await ask('/v1/generate', { seed: 1 }, { prefer: 'wait=60' });
  assert.equal(quick.status, 200);
  const slow = await ask('/v1/generate', { guides: [{ name: 'hold' }] }, { prefer: 'wait=0' });
  assert.equal(slow.status, 202);
  const job = serving.services.jobs.get((await json<Job>(slow)).id);
  assert.ok(job.isOpen && !job.isCancelling);
  await serving.services.jobs.cancel(job);
  await job.ended;
});

test('a disconnect cancels the job', async () => {
  const { jobs } = serving.services;
  const controller = new AbortController();
  const asked = fetch(url('/v1/generate'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    signal: controller.signal,
    body: JSON.stringify({ seed: 77, guides: [{ name: 'hold' }] }),
  });
  const found = await until(() => jobs.list({ state: 'running' }).jobs[0]);
  controller.abort();
  await assert.rejects(asked);
  assert.equal((await found.ended).type, 'cancelled');
});

/** Polls without sleeping: each round lets the event loop turn. */
async function until<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('an idempotency key returns the first response again, and refuses another request', async () => {
  const headers = { 'idempotency-key': 'k1' };
  const first = await result(await ask('/v1/generate', { count: 1 }, headers));
  const again = await result(await ask('/v1/generate', { count: 1 }, headers));
  assert.deepEqual(again, first);
  await refusal(await ask('/v1/generate', { count: 2 }, headers), 422, 'idempotency_conflict');
  await refusal(await ask('/v1/generate', {}, { 'idempotency-key': 'a b' }), 400, 'params_invalid');
});

test('choosing without a WebSocket: the job shows candidates, PATCH picks', async () => {
  const guides = [{ name: 'human', params: { questionsPerSide: 1, shortlist: 4, toSide: 4 } }, { name: 'hold' }];
  const { id } = await json<Job>(await ask('/v1/jobs', { seed: 1, guides, previews: {} }));
  const job = serving.services.jobs.get(id);
  const asked = await until(() => job.question ?? undefined);
  const { candidates } = await json<{ candidates: { question: number; count: number; base64: string } }>(
    await fetch(url(`/v1/jobs/${id}`)),
  );
  assert.deepEqual([candidates.question, candidates.count], [asked.question, 4]);
  assert.equal((await sharp(Buffer.from(candidates.base64, 'base64')).metadata()).width, asked.width);
  const steer = async (body: object) =>
    await fetch(url(`/v1/jobs/${id}`), {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const { question } = asked;
  await refusal(await steer({ question }), 400, 'params_invalid');
  await refusal(await steer({ question, picks: [9] }), 400, 'option_invalid');
  await refusal(await steer({ weights: [1] }), 400, 'option_invalid');
  assert.equal((await steer({ question, picks: [2], weights: [1, 0.5] })).status, 200);
  await until(() => job.question === null || undefined);
  await refusal(await steer({ question, picks: [2] }), 409, 'question_closed');
  await serving.services.jobs.cancel(job);
  const events = await (await fetch(url(`/v1/jobs/${id}/events`))).text();
  for (const name of ['candidates', 'chosen', 'cancelled']) assert.match(events, new RegExp(`event: ${name}\\n`));
});

test('errors describe the problem', async () => {
  const cases: [string, unknown, number, string, RegExp][] = [
    ['/v1/generate', '{', 400, 'body_invalid', /not JSON/],
    ['/v1/generate', `${'['.repeat(100)}${']'.repeat(100)}`, 400, 'body_invalid', /32/],
    ['/v1/generate', { colour: 1 }, 400, 'params_invalid', /colour: there is no such field/],
    ['/v1/generate', { sampler: { tip: 1 } }, 400, 'params_invalid', /sampler\.tip/],
    ['/v1/generate', { model: '../tiny' }, 400, 'params_invalid', /model/],
    ['/v1/generate', { model: 'ti\0ny' }, 400, 'params_invalid', /model/],
    ['/v1/generate', { model: 'tinny' }, 404, 'model_unknown', /"tiny"/],
    ['/v1/generate', { guides: [{ name: 'tixt' }] }, 400, 'guide_unknown', /"text"/],
    [
      '/v1/generate',
      { guides: [{ name: 'text', params: { prompt: 'x', model: '/etc' } }] },
      400,
      'params_invalid',
      /model/,
    ],
    ['/v1/generate', { guides: [{ name: 'human' }] }, 422, 'guide_refused', /person/],
    ['/v1/generate', { count: 250, sampler: { beams: 250 } }, 400, 'request_too_large', /256/],
    ['/v1/encode', { image: 'abc!' }, 400, 'params_invalid', /base64/],
    ['/v1/encode', { image: 'aGVsbG8=' }, 415, 'picture_unreadable', /PNG/],
    [
      '/v1/generate',
      { guides: [{ name: 'http', params: { url: 'http://169.254.1.1/' } }] },
      422,
      'guide_refused',
      /allow/,
    ],
    ['/v1/nothing', {}, 404, 'route_unknown', /\/docs/],
    ['/v1/jobs/x/events', {}, 405, 'method_refused', /GET/],
    ['/v1/encode', { image: 'A'.repeat(400_000) }, 413, 'body_too_large', /300000/],
  ];
  for (const [path, body, status, code, detail] of cases)
    assert.match((await refusal(await ask(path, body), status, code)).detail, detail, path);
  await refusal(await ask('/v1/generate', 'x', { 'content-type': 'text/plain' }), 415, 'type_unsupported');
  await refusal(await ask('/v1/generate', '{}', { 'content-encoding': 'gzip' }), 415, 'type_unsupported');
  await refusal(await fetch(url('/v1/generate'), { method: 'POST' }), 415, 'type_unsupported');
  assert.equal((await fetch(url('/v1/images/%zz/x'))).status, 400);
});

test('a picture with too many pixels is refused by its header', async () => {
  const bomb = await sharp({ create: { width: 3000, height: 3000, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  await refusal(await ask('/v1/encode', { image: bomb.toString('base64') }), 413, 'picture_too_large');
});

test('forms are limited and must be complete', async () => {
  const form = new FormData();
  for (let i = 0; i < 100; i++) form.append(`f${i}`, 'x');
  const problem = await refusal(await fetch(url('/v1/encode'), { method: 'POST', body: form }), 400, 'body_invalid');
  assert.match(problem.detail, /more than 64 fields/);
  const headers = { 'content-type': 'multipart/form-data; boundary=x' };
  for (const body of [
    '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf',
    '--x--',
    'x',
    '--x\r\n\r\n\r\n--x--\r\n',
  ]) {
    const answer = await fetch(url('/v1/encode'), { method: 'POST', headers, body });
    assert.equal(answer.status, 400, body);
  }
  const none = await fetch(url('/v1/encode'), {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data' },
    body: 'x',
  });
  assert.equal(none.status, 400);
});

test('an aborted upload releases everything', async () => {
  const { hostname, port } = new URL(serving.url);
  const socket = connect(Number(port), hostname);
  const head =
    'POST /v1/encode HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"im';
  await new Promise<void>((resolve) => socket.write(head, () => resolve()));
  socket.destroy();
  assert.equal((await fetch(url('/healthz'))).status, 200);
});

test('operations', async () => {
  assert.equal((await json<{ status: string }>(await fetch(url('/healthz')))).status, 'ok');
  assert.equal((await json<{ status: string }>(await fetch(url('/readyz')))).status, 'ready');
  const metrics = await (await fetch(url('/metrics'))).text();
  assert.match(metrics, /kandid_http_request_seconds_count\{route="\/v1\/generate",method="POST",status="200"\}/);
  const models = await json<{ models: Named[]; data: { id: string }[] }>(await fetch(url('/v1/models')));
  assert.ok(models.models.some((one) => one.name === 'tiny' && one.isDefault));
  assert.ok(models.data.some((one) => one.id === 'gpt-image-1'));
  const words = await json<{ textModel: string; words: string[] }>(await fetch(url('/v1/models/tiny/words')));
  assert.equal(words.textModel, 'avatars-clip');
  assert.ok(words.words.includes('red'));
  const { guides } = await json<{ guides: Named[] }>(await fetch(url('/v1/guides')));
  assert.ok(guides.some((one) => one.name === 'text' && 'properties' in (one.params ?? {})));
});

test('the API document lists every route and every guide', async () => {
  const document = await json<Document>(await fetch(url('/openapi.json')));
  assert.equal(document.openapi, '3.1.0');
  for (const { path, method, body } of allRoutes) {
    const operation = document.paths[path]?.[method];
    assert.ok(operation, `${method} ${path}`);
    assert.equal(Boolean(body), 'requestBody' in operation, path);
  }
  const { guides } = await json<{ guides: Named[] }>(await fetch(url('/v1/guides')));
  for (const { name } of guides) assert.ok(document.components.schemas[`guide_${name}`], name);
  const page = await fetch(url('/docs'));
  const html = await page.text();
  for (const { path } of allRoutes) assert.ok(html.includes(path.replaceAll('&', '&amp;')), path);
  assert.doesNotMatch(html, /<script|https?:\/\/(?!json-schema)/);
});
