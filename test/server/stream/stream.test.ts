import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { parseServerMessage } from '../../../src/contract/stream.ts';
import { readProvenance } from '../../../src/pictures/provenance.ts';
import { Session, type Wire } from '../../../src/server/stream/session.ts';
import { type Serving, serve } from '../serving.ts';
import { refusedStatus, Socket } from '../socket.ts';

let serving: Serving;
before(async () => {
  serving = await serve({
    abandonSeconds: 60,
    messageBytes: 65_536,
    events: 8,
    personSeconds: 0.3,
    requestsPerSocket: 3,
    backlogBytes: 1024,
    messagesPerSecond: 50,
    socketsPerClient: 12,
  });
});
after(() => serving.close());

const open = (options?: Parameters<typeof Socket.open>[1]) => Socket.open(serving.url, options);
const hold = [{ name: 'hold' }];

test('a request: hello, queued, started, levels, previews, image, done', async () => {
  const socket = await open();
  assert.equal(socket.ws.protocol, 'kandid.v1');
  socket.say({ type: 'generate', id: 'a', seed: 4, count: 2, previews: { images: 2, perSecond: 60 }, size: 32 });
  const done = await socket.next('done');
  const types = socket.came.map(({ type }) => type);
  assert.deepEqual(types.slice(0, 3), ['hello', 'queued', 'started']);
  assert.equal(types.filter((type) => type === 'level').length, 4);
  const images = socket.came.filter((one) => one.type === 'image');
  assert.deepEqual([images.length, done.images.length, done.seed], [2, 2, 4]);
  for (const [i, image] of images.entries()) {
    assert.deepEqual([image.image, image.final, image.width], [i, true, 32]);
    assert.equal((await sharp(image.bytes).metadata()).width, 32);
    assert.equal(readProvenance(image.bytes).code, done.images[i]?.codeString);
  }
  const seqs = socket.came.flatMap((one) => ('seq' in one && one.seq !== undefined ? [one.seq] : []));
  assert.deepEqual(
    seqs,
    [...seqs].sort((a, b) => a - b),
  );
  await socket.leave();
});

test('a preview is sent while the job runs', async () => {
  const socket = await open();
  const previews = { images: 1, perSecond: 60 };
  socket.say({ type: 'generate', id: 'a', seed: 4, guides: [{ name: 'hold', params: { level: 2 } }], previews });
  const preview = await socket.next('preview');
  assert.equal((await sharp(preview.bytes).metadata()).width, preview.width);
  socket.say({ type: 'cancel', id: 'a' });
  await socket.next('cancelled');
  await socket.leave();
});

test('several requests on one socket, up to the limit', async () => {
  const socket = await open();
  for (const id of ['a', 'b', 'c', 'd']) socket.say({ type: 'generate', id, seed: 1, guides: hold });
  assert.equal((await socket.next('error', ({ id }) => id === 'd')).code, 'request_too_large');
  socket.say({ type: 'generate', id: 'a' });
  assert.equal((await socket.next('error', ({ id }) => id === 'a')).code, 'message_invalid');
  for (const id of ['a', 'b', 'c']) socket.say({ type: 'cancel', id });
  for (const id of ['a', 'b', 'c']) await socket.next('cancelled', (one) => one.id === id);
  await socket.leave();
});

test('cancel returns the best pictures so far', async () => {
  const socket = await open();
  socket.say({ type: 'generate', id: 'a', seed: 1, guides: [{ name: 'hold', params: { level: 2 } }] });
  await socket.next('level', ({ level }) => level === 1);
  socket.say({ type: 'cancel', id: 'a' });
  const { images, level } = await socket.next('cancelled');
  assert.deepEqual([images[0]?.prefix.length, level], [2, 2]);
  const image = await socket.next('image');
  assert.equal(image.final, false);
  assert.equal(readProvenance(image.bytes).code, null);
  await socket.leave();
});

test('a person chooses, or disconnects', async () => {
  const socket = await open();
  const human = [{ name: 'human', params: { questionsPerSide: 1, shortlist: 4 } }];
  socket.say({ type: 'generate', id: 'a', seed: 1, guides: human });
  const asked = await socket.next('candidates');
  assert.deepEqual([asked.count, asked.columns], [4, 2]);
  assert.equal((await sharp(asked.bytes).metadata()).width, asked.width);
  socket.say({ type: 'choose', id: 'a', question: asked.question, picks: [9] });
  assert.equal((await socket.next('error')).code, 'option_invalid');
  socket.say({ type: 'choose', id: 'a', question: asked.question, picks: [2] });
  assert.deepEqual((await socket.next('chosen')).picks, [2]);
  assert.equal((await socket.next('chosen', ({ by }) => by === 'time')).picks.length, 0);
  await socket.next('done');
  socket.say({ type: 'choose', id: 'a', question: asked.question, picks: [0] });
  await socket.next('error', ({ code }) => code === 'message_invalid');
  await socket.leave();
});

test('a lost connection is resumed', async () => {
  const first = await open();
  first.say({ type: 'generate', id: 'a', seed: 1, guides: [{ name: 'hold', params: { level: 3 } }] });
  const { job, seq } = await first.next('level', ({ level }) => level === 1);
  first.ws.terminate();
  const second = await open();
  second.say({ type: 'attach', id: 'x', job, since: seq });
  const other = await open();
  other.say({ type: 'attach', id: 'y', job });
  await other.next('started');
  const next = await second.next('level');
  assert.ok(next.seq > seq && next.level === 2);
  second.say({ type: 'weights', id: 'x', weights: [1, 2] });
  assert.equal((await second.next('error')).code, 'option_invalid');
  second.say({ type: 'weights', id: 'x', weights: [0.5] });
  second.say({ type: 'cancel', id: 'x' });
  assert.equal((await second.next('cancelled')).job, job);
  assert.equal((await other.next('cancelled')).id, 'y');
  second.say({ type: 'attach', id: 'z', job });
  await second.next('cancelled', ({ id }) => id === 'z');
  second.say({ type: 'attach', id: 'w', job: 'job_none' });
  assert.equal((await second.next('error', ({ id }) => id === 'w')).code, 'job_unknown');
  await second.leave();
  await other.leave();
});

test('a gap is reported for events that are no longer kept', async () => {
  const socket = await open();
  const levels = { level: 3 };
  socket.say({
    type: 'generate',
    id: 'a',
    guides: [
      { name: 'hold', params: levels },
      { name: 'hold', params: levels },
    ],
  });
  const { job } = await socket.next('level', ({ level }) => level === 2);
  const { log } = serving.services.jobs.get(job);
  const level = log.after(0);
  assert.ok(level && 'event' in level);
  for (let i = 0; i < 10; i++) log.append({ ...level.event } as Parameters<typeof log.append>[0], 1, 0);
  socket.say({ type: 'attach', id: 'b', job, since: 0 });
  const gap = await socket.next('gap', ({ id }) => id === 'b');
  assert.ok(gap.from === 1 && gap.to > 1);
  socket.say({ type: 'cancel', id: 'a' });
  await socket.next('cancelled', ({ id }) => id === 'b');
  await socket.leave();
});

test('detach unsubscribes; a request without subscribers ends after a while', async () => {
  const socket = await open();
  socket.say({ type: 'generate', id: 'a', seed: 1, guides: hold });
  const { job } = await socket.next('started');
  socket.say({ type: 'detach', id: 'a' });
  socket.say({ type: 'ping', nonce: 'n' });
  assert.equal((await socket.next('pong')).nonce, 'n');
  const found = serving.services.jobs.get(job);
  assert.equal(found.subscribers, 0);
  await serving.services.jobs.cancel(found);
  assert.equal((await found.ended).type, 'cancelled');
  assert.ok(!socket.came.some(({ type }) => type === 'cancelled'));
  await socket.leave();
});

test('a socket that pauses reading gets every picture and the end', async () => {
  const socket = await open();
  socket.ws.pause();
  socket.say({ type: 'generate', id: 'a', seed: 1, count: 4, size: 512, previews: { images: 4, perSecond: 60 } });
  const { jobs } = serving.services;
  const job = await until(() => jobs.list().jobs.find(({ state, subscribers }) => state === 'done' || subscribers > 0));
  await job.ended;
  socket.ws.resume();
  assert.equal((await socket.next('done')).images.length, 4);
  assert.equal(socket.came.filter(({ type }) => type === 'image').length, 4);
  await socket.leave();
});

/** A congested socket, until it drains. */
class StuckWire implements Wire {
  bufferedAmount = Number.POSITIVE_INFINITY;
  readonly came: (string | Uint8Array)[] = [];
  readonly #waiting: (() => void)[] = [];

  send(data: string | Uint8Array, sent: () => void): void {
    this.came.push(data);
    if (this.bufferedAmount > 0) this.#waiting.push(sent);
    else sent();
  }

  flow(): void {
    this.bufferedAmount = 0;
    for (const sent of this.#waiting.splice(0)) sent();
  }

  close(): void {}
}

test('a congested socket skips previews, and the end reports their number', async () => {
  const { services } = serving;
  const wire = new StuckWire();
  const session = new Session(services, { name: 'at a full wire', key: null }, wire);
  const before = new Set(services.jobs.list().jobs);
  const previews = { images: 2, perSecond: 60 };
  await session.take(Buffer.from(JSON.stringify({ type: 'generate', id: 'a', seed: 1, count: 2, previews })));
  const job = await until(() => services.jobs.list().jobs.find((one) => !before.has(one)));
  await job.ended;
  wire.flow();
  const done = await until(() =>
    wire.came
      .flatMap((one) => (typeof one === 'string' ? [parseServerMessage(one)] : []))
      .find(({ type }) => type === 'done'),
  );
  assert.ok(done.type === 'done');
  assert.ok(done.dropped > 0);
  assert.equal(done.dropped, job.log.previews);
  // Two pictures, and no preview.
  assert.equal(wire.came.filter((one) => typeof one !== 'string').length, 2);
  session.close();
});

/** Polls without sleeping: each round lets the event loop turn. */
async function until<T>(find: () => T | undefined): Promise<T> {
  for (;;) {
    const found = find();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('errors are reported, and the socket stays open', async () => {
  const socket = await open();
  socket.ws.send('{');
  assert.match((await socket.next('error')).message, /not JSON/);
  socket.ws.send(Buffer.from('x'));
  await socket.next('error', ({ message }) => /binary/.test(message));
  socket.ws.send('{"type":"generate","id":"q","colour":1}');
  assert.match((await socket.next('error', ({ id }) => id === 'q')).message, /colour/);
  socket.say({ type: 'cancel', id: 'none' });
  await socket.next('error', ({ id }) => id === 'none');
  socket.say({ type: 'generate', id: 'g', guides: [{ name: 'nope' }] });
  assert.equal((await socket.next('error', ({ id }) => id === 'g')).code, 'guide_unknown');
  socket.say({ type: 'generate', id: 'p', guides: [{ name: 'text', params: { prompt: 'x', model: '../x' } }] });
  assert.match((await socket.next('error', ({ id }) => id === 'p')).message, /guides\.0\.params\.model/);
  for (let i = 0; i < 100; i++) socket.say({ type: 'ping' });
  const limited = await socket.next('error', ({ code }) => code === 'rate_limited');
  assert.match(limited.message, /messages a second/);
  socket.ws.send('x'.repeat(70_000));
  assert.equal(await socket.closed(), 1009);
});

test('a thousand idle sockets block nobody', async () => {
  const many = await serve({ socketsPerClient: 1001, sockets: 1001, requestsPerMinute: 0 });
  const sockets: Socket[] = [];
  for (let i = 0; i < 10; i++)
    sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => Socket.open(many.url)))));
  assert.equal((await fetch(`${many.url}/healthz`)).status, 200);
  const busy = await Socket.open(many.url);
  busy.say({ type: 'generate', id: 'a', seed: 1 });
  await busy.next('done');
  assert.equal(await refusedStatus(many.url, {}), 503);
  for (const socket of sockets) socket.ws.terminate();
  await busy.leave();
  await many.close();
});

test('refused sockets get a status code', async () => {
  assert.equal(await refusedStatus(serving.url, { headers: { origin: 'https://evil.example' } }), 403);
  assert.equal(await refusedStatus(serving.url, { protocols: ['kandid.v9'] }), 415);
  const own = await open({ headers: { origin: serving.url } });
  const sockets = [own, ...(await Promise.all(Array.from({ length: 11 }, () => open({ protocols: [] }))))];
  assert.equal(await refusedStatus(serving.url, {}), 503);
  await Promise.all(sockets.map((socket) => socket.leave()));
});
