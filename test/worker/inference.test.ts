import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { psnr } from '../../src/kit/quality.ts';
import { decodePicture, encodePicture } from '../../src/pictures/codec.ts';
import { readProvenance } from '../../src/pictures/provenance.ts';
import { Inference } from '../../src/worker/inference.ts';
import type { FromWorker, JobEvent, JobMessage, JobPicture, Previews, Work } from '../../src/worker/messages.ts';
import { isEnd, withPictures } from '../../src/worker/messages.ts';
import { FakeClock } from '../clock.ts';

const vectors = JSON.parse(readFileSync('test/fixtures/tiny-vectors.json', 'utf8'));
const PNG = { format: 'png' } as const;
const PREVIEWS: Previews = { format: 'webp', quality: 80, images: 1, perSecond: 1000 };

let inference: Inference;
const posted: FromWorker[] = [];
const listeners = new Map<string, (event: JobEvent) => void>();

let onFinished: (job: string) => unknown = () => {};
const finished = new Map<string, JobPicture[]>();

/** Joins pictures with their end event, like the server. */
function hear(job: string, event: JobEvent | JobPicture): void {
  const pictures = finished.get(job) ?? [];
  finished.set(job, pictures);
  if (event.type === 'finished') {
    pictures.push(event);
    onFinished(job);
  } else listeners.get(job)?.(isEnd(event) ? withPictures(event, pictures) : event);
}

before(async () => {
  inference = await Inference.open(
    {
      engine: { models: ['models'], guides: ['test/fixtures/slow-guides'], device: 'cpu', threads: 1, paths: false },
      personSeconds: 30,
      version: '1.2.3',
    },
    (message) => {
      posted.push(message);
      if (message.type === 'event') hear(message.job, message.event);
    },
  );
});
after(() => inference.close());

let jobs = 0;

/** Runs a job; `onNews` may send messages to it. */
function run(
  work: Work,
  onNews: (event: JobEvent, tell: (message: JobMessage) => void) => void = () => {},
  client = 'a',
): Promise<JobEvent[]> {
  const job = `job${jobs++}`;
  const all: JobEvent[] = [];
  const tell = (message: JobMessage) => inference.handle({ type: 'tell', job, attempt: 1, message });
  return new Promise((resolve) => {
    listeners.set(job, (event) => {
      all.push(event);
      onNews(event, tell);
      if (isEnd(event)) resolve(all);
    });
    inference.handle({ type: 'job', ticket: { job, attempt: 1, client, work } });
  });
}

function generate(request: Extract<Work, { kind: 'generate' }>['request'], rest: object = {}): Work {
  return { kind: 'generate', request: { model: 'tiny', ...request }, output: PNG, ...rest };
}

const types = (event: readonly JobEvent[]) => event.map(({ type }) => type);

function lastOf<Type extends JobEvent['type']>(
  event: readonly JobEvent[],
  type: Type,
): Extract<JobEvent, { type: Type }> {
  const last = event.at(-1);
  assert.equal(last?.type, type, JSON.stringify(last));
  return last as Extract<JobEvent, { type: Type }>;
}

test('reports models, guides and limits', () => {
  const { device, models, guides, defaultModel } = inference.info;
  assert.equal(device, 'cpu');
  assert.ok(models.some(({ name }) => name === 'tiny'));
  assert.ok(guides.some(({ name }) => name === 'hold'));
  assert.ok(models.some(({ name }) => name === defaultModel));
  inference.handle({ type: 'ping' });
  const pong = posted.at(-1);
  assert.ok(pong?.type === 'pong' && pong.memory > 2 ** 20);
});

test('detects added and removed bundles, and keeps open ones', async (t) => {
  const models = mkdtempSync(join(tmpdir(), 'kandid-catalogue-'));
  t.after(() => rmSync(models, { recursive: true, force: true }));
  cpSync('models/tiny', join(models, 'tiny'), { recursive: true });
  const clock = new FakeClock();
  const told: FromWorker[] = [];
  let hear = () => {};
  const post = (message: FromWorker) => {
    told.push(message);
    if (message.type === 'catalogue') hear();
  };
  const options = { engine: { models: [models], device: 'cpu', threads: 1, paths: false } };
  const own = await Inference.open(options, post, clock);
  t.after(() => own.close());
  const namesAfter = async (change: () => void) => {
    change();
    clock.pass(10_000);
    const heard = new Promise<void>((resolve) => {
      hear = resolve;
    });
    own.handle({ type: 'ping' });
    await heard;
    const last = told.findLast(({ type }) => type === 'catalogue');
    return last?.type === 'catalogue' ? last.info.models.map(({ name }) => name) : [];
  };
  const mine = join(models, 'mine');
  assert.deepEqual(await namesAfter(() => cpSync('models/tiny', mine, { recursive: true })), ['mine', 'tiny']);
  assert.deepEqual(await namesAfter(() => rmSync(mine, { recursive: true })), ['tiny']);
});

test('generate reports every level, sends previews and returns pictures with codes', async () => {
  const event = await run(generate({ seed: 3, count: 2 }, { previews: PREVIEWS }), (one, tell) => {
    if (one.type === 'preview') tell({ type: 'taken', level: one.level });
  });
  assert.equal(event[0]?.type, 'started');
  assert.equal(types(event).filter((type) => type === 'level').length, 4);
  const [started] = event;
  assert.ok(started?.type === 'started');
  assert.deepEqual([started.seed, started.count, started.bits, started.levels.length], [3, 2, 8, 4]);
  const preview = event.find((one) => one.type === 'preview');
  assert.ok(preview?.type === 'preview');
  assert.equal((await decodePicture(preview.bytes)).width, preview.width);
  const { results, hash } = lastOf(event, 'done');
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.equal(results.length, 2);
  for (const { bytes, code, codeString, mime } of results) {
    assert.equal(mime, 'image/png');
    assert.equal((await decodePicture(bytes)).width, 8);
    assert.equal(code.length, 4);
    assert.equal(codeString.length, 2);
  }
});

test('vary keeps a prefix', async () => {
  const event = await run(generate({ prefix: [[2, 1]], count: 3, sampler: { top: 4 } }));
  for (const { code } of lastOf(event, 'done').results) assert.deepEqual(code.slice(0, 2), [2, 1]);
});

test('pictures have the requested format and size', async () => {
  const event = await run({ ...generate({ seed: 1 }), output: { format: 'jpeg', quality: 90, size: 20 } } as Work);
  const [result] = lastOf(event, 'done').results;
  assert.deepEqual([result?.mime, result?.width, result?.height], ['image/jpeg', 20, 20]);
  assert.deepEqual([...(result?.bytes.subarray(0, 2) ?? [])], [0xff, 0xd8]);
});

test('pictures record their provenance', async () => {
  const guides = [{ name: 'hold', weight: 2, params: { level: 9 } }];
  const event = await run(generate({ seed: 5, guides }));
  const { results, hash } = lastOf(event, 'done');
  const [result] = results;
  assert.deepEqual(readProvenance(result?.bytes ?? new Uint8Array()), {
    kandid: '1.2.3',
    model: 'tiny',
    hash,
    code: result?.codeString,
    seed: 5,
    guides,
  });
});

test('decode draws complete codes, in both forms', async () => {
  const [{ code, codeString, image }] = vectors.decode;
  const event = await run({ kind: 'decode', model: 'tiny', codes: [code, codeString], output: PNG });
  const { results } = lastOf(event, 'done');
  const expected = { data: Float32Array.from(image), channels: 3, width: 8, height: 8 };
  for (const result of results) {
    assert.equal(result.codeString, codeString);
    assert.ok(psnr(await decodePicture(result.bytes), expected) > 45);
  }
});

test('decode with a level draws the picture at that level', async () => {
  const [{ code, previews }] = vectors.decode;
  const event = await run({ kind: 'decode', model: 'tiny', codes: [code], level: 1, output: PNG });
  const [result] = lastOf(event, 'done').results;
  assert.deepEqual(result?.code, code.slice(0, 2));
  assert.equal(result?.codeString, '');
  const expected = { data: Float32Array.from(previews['4']), channels: 3, width: 4, height: 4 };
  assert.ok(psnr(await decodePicture(result?.bytes ?? new Uint8Array()), expected) > 45);
});

test('encode returns the code of a picture and its distance', async () => {
  const [{ image, code }] = vectors.decode;
  const picture = { data: Float32Array.from(image), channels: 3, width: 8, height: 8 };
  const event = await run({ kind: 'encode', model: 'tiny', picture, beams: 16, output: PNG });
  const [result] = lastOf(event, 'done').results;
  assert.deepEqual(result?.code, code);
  assert.ok((result?.psnr ?? 0) > 60);
  const file = await encodePicture(picture);
  assert.ok(lastOf(await run({ kind: 'encode', model: 'tiny', picture: file, output: PNG }), 'done'));
});

test('cancel returns the best picture so far, also while a guide is scoring', async () => {
  const event = await run(generate({ guides: [{ name: 'hold', params: { level: 2 } }] }), (one, tell) => {
    if (one.type === 'level' && one.level === 1) tell({ type: 'cancel' });
  });
  const { level, results } = lastOf(event, 'cancelled');
  assert.equal(level, 2);
  assert.equal(results[0]?.code.length, 2);
  assert.equal((await decodePicture(results[0]?.bytes ?? new Uint8Array())).width, 4);
});

test('cancelled during encoding of its pictures, it returns the finished ones', async () => {
  const work = { ...generate({ count: 64, sampler: { top: 4 } }), output: { format: 'png', size: 1024 } } as Work;
  const job = `job${jobs}`;
  const cancel = () => inference.handle({ type: 'tell', job, attempt: 1, message: { type: 'cancel' } });
  onFinished = (of) => of === job && cancel();
  const { level, results } = lastOf(await run(work), 'cancelled');
  onFinished = () => {};
  assert.equal(level, 4);
  assert.ok(results.length >= 1 && results.length <= 3, `${results.length} pictures`);
  for (const { code, width } of results) assert.deepEqual([code.length, width], [4, 1024]);
});

test('a dropped job encodes and sends nothing more', async () => {
  const drop = { type: 'drop' } as const;
  const early = await run(generate({ guides: [{ name: 'hold', params: { level: 2 } }] }), (one, tell) => {
    if (one.type === 'level' && one.level === 1) tell(drop);
  });
  assert.deepEqual([lastOf(early, 'cancelled').level, lastOf(early, 'cancelled').results], [2, []]);
  const job = `job${jobs}`;
  onFinished = (of) => of === job && inference.handle({ type: 'tell', job, attempt: 1, message: drop });
  const work = { ...generate({ count: 64, sampler: { top: 4 } }), output: { format: 'png', size: 1024 } } as Work;
  assert.ok(lastOf(await run(work), 'cancelled').results.length <= 3);
  onFinished = () => {};
});

test('a large encoding of one client does not delay the picture of another', async () => {
  const heavy = { ...generate({ count: 8, sampler: { top: 4 } }), output: { format: 'png', size: 2048 } } as Work;
  let encoded = 0;
  let small: Promise<JobEvent[]> | undefined;
  const job = `job${jobs}`;
  let before = 0;
  onFinished = (of) => {
    if (of !== job) return;
    encoded += 1;
    small ??= run(generate({ seed: 1 }), () => {}, 'another').then((event) => {
      before = encoded;
      return event;
    });
  };
  await run(heavy);
  onFinished = () => {};
  assert.ok(lastOf((await small) ?? [], 'done'));
  assert.ok(before <= 3, `${before} large pictures went before`);
});

test('cancelled before the start, it ends without results', async () => {
  const work = generate({});
  inference.handle({ type: 'job', ticket: { job: 'early', attempt: 1, client: 'a', work } });
  const ended = new Promise<JobEvent>((resolve) => listeners.set('early', (event) => isEnd(event) && resolve(event)));
  inference.handle({ type: 'tell', job: 'early', attempt: 1, message: { type: 'cancel' } });
  const end = await ended;
  assert.ok(end.type === 'cancelled');
  assert.equal(end.level, 0);
});

test('a person is asked and answers; weights are changed', async () => {
  const request = { guides: [{ name: 'human', params: { fromSide: 4, questionsPerSide: 1, shortlist: 4 } }] };
  const event = await run(generate(request, { person: true }), (one, tell) => {
    if (one.type !== 'question') return;
    tell({ type: 'weights', weights: [2] });
    tell({ type: 'answer', question: one.question, picks: [one.count - 1] });
  });
  assert.equal(types(event).filter((type) => type === 'question').length, 2);
  const chosen = event.flatMap((one) => (one.type === 'chosen' ? [one.by] : []));
  assert.deepEqual(chosen, ['person', 'person'], 'answers given at once count');
  assert.equal(lastOf(event, 'done').guides[0]?.calls, 2);
});

test('without subscribers the human guide is refused', async () => {
  const event = await run(generate({ guides: [{ name: 'human' }] }));
  assert.equal(lastOf(event, 'failed').error.code, 'guide_refused');
});

test('invalid requests fail with a coded error', async () => {
  const codeOf = async (work: Work) => lastOf(await run(work), 'failed').error.code;
  assert.equal(await codeOf(generate({ model: 'nothing' })), 'model_unknown');
  assert.equal(await codeOf(generate({ model: 'models/tiny' })), 'model_unknown');
  assert.equal(await codeOf(generate({ guides: [{ name: 'txt' }] })), 'guide_unknown');
  assert.equal(await codeOf({ kind: 'decode', model: 'tiny', codes: [[9, 9, 9, 9]], output: PNG }), 'code_invalid');
  assert.equal(await codeOf({ kind: 'decode', model: 'tiny', codes: ['AA'], level: 9, output: PNG }), 'option_invalid');
  assert.equal(await codeOf({ kind: 'encode', picture: new Uint8Array(4), output: PNG }), 'picture_unreadable');
});

test('messages to another attempt are ignored', async () => {
  const event = await run(generate({ guides: [{ name: 'hold', params: { level: 1 } }] }), (one, tell) => {
    if (one.type !== 'level') return;
    const job = `job${jobs - 1}`;
    inference.handle({ type: 'tell', job, attempt: 2, message: { type: 'cancel' } });
    tell({ type: 'cancel' });
  });
  assert.equal(types(event).filter(isEndType).length, 1);
  await breathe();
  assert.equal(inference.size, 0);
});

const isEndType = (type: string) => isEnd({ type });

test('a damaged default model: a new process reports it and exits, a restarted one serves other models', async () => {
  const models = mkdtempSync(join(tmpdir(), 'kandid-'));
  for (const name of ['tiny', 'well']) cpSync('models/tiny', join(models, name), { recursive: true });
  truncateSync(join(models, 'tiny', 'decode.onnx'), 10);
  const options = { engine: { models: [models], device: 'cpu', threads: 1, defaultModel: 'tiny' } };
  const told: FromWorker[] = [];
  await assert.rejects(
    Inference.open(options, (message) => told.push(message)),
    { code: 'bundle_file_changed' },
  );
  const again = await Inference.open({ ...options, isRestart: true }, (message) => told.push(message));
  assert.match(told[0]?.type === 'warning' ? told[0].text : '', /decode\.onnx/);
  const end = async (model?: string) => {
    const work: Work = { kind: 'generate', request: { seed: 1, ...(model ? { model } : {}) }, output: PNG };
    const before = told.length;
    again.handle({ type: 'job', ticket: { job: 'j', attempt: 1, client: 'a', work } });
    for (;;) {
      await breathe();
      for (const one of told.slice(before))
        if (one.type === 'event' && isEnd(one.event as JobEvent)) return one.event.type;
    }
  };
  assert.deepEqual([await end(), await end('well')], ['failed', 'done']);
  await again.close();
  rmSync(models, { recursive: true });
});
