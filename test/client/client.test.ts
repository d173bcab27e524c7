import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import sharp from 'sharp';
import { WebSocket, WebSocketServer } from 'ws';
import { KandidClient, type Message, type RequestError } from '../../src/client/client.ts';
import type { SocketMaker } from '../../src/client/socket.ts';
import { type Serving, serve, serveStarting } from '../server/serving.ts';

/** Sockets that were opened, so that a test can break them. */
const sockets: WebSocket[] = [];
class Breakable extends WebSocket {
  constructor(url: string, protocols: string[]) {
    super(url, protocols);
    sockets.push(this);
  }
}

let serving: Serving;
let client: KandidClient;
before(async () => {
  serving = await serve({ abandonSeconds: 30, personSeconds: 30 });
  client = new KandidClient({ url: serving.url, WebSocket: Breakable as unknown as SocketMaker });
});
after(() => serving.close());

const hold = (level: number) => [{ name: 'hold', params: { level } }];

async function all(message: AsyncIterable<Message>, onTold: (one: Message) => void = () => {}): Promise<Message[]> {
  const came: Message[] = [];
  for await (const one of message) {
    came.push(one);
    onTold(one);
  }
  return came;
}

test('generate yields previews and pictures', async () => {
  const came = await all(new KandidClient({ url: `${serving.url}/` }).generate({ seed: 1, count: 2 }));
  const types = came.map(({ type }) => type);
  assert.deepEqual([types[0], types[1], types.at(-1)], ['queued', 'started', 'done']);
  const images = came.filter((one) => one.type === 'image');
  assert.equal(images.length, 2);
  for (const { bytes } of images) assert.equal((await sharp(bytes).metadata()).width, 8);
});

test('a lost connection is resumed without duplicate or missing messages', async () => {
  let isOver = false;
  const came = await all(client.generate({ seed: 1, guides: [{ name: 'human' }] }, { onStart: steerOnce() }), (one) => {
    if (one.type === 'level' && one.level === 1) sockets.at(-1)?.terminate();
  });
  isOver = true;
  const levels = came.flatMap((one) => (one.type === 'level' ? [one.level] : []));
  assert.deepEqual(levels, [0, 1, 2, 3]);
  assert.equal(came.at(-1)?.type, 'done');

  function steerOnce() {
    return (steering: { choose(question: number, picks: readonly number[]): void }) => {
      const { jobs } = serving.services;
      const said = new Set<string>();
      const look = () => {
        const [job] = jobs.list().jobs;
        // Once on each socket: who says too much is closed.
        const name = `${sockets.length} ${job?.question?.question}`;
        if (job?.isOpen && job.question && sockets.at(-1)?.readyState === WebSocket.OPEN && !said.has(name)) {
          said.add(name);
          steering.choose(job.question.question, [0]);
        }
        if (!isOver) setImmediate(look);
      };
      setImmediate(look);
    };
  }
});

test('an abort signal cancels, and the best pictures so far are returned', async () => {
  const controller = new AbortController();
  const options = { signal: controller.signal };
  const came = await all(client.generate({ seed: 1, guides: hold(2) }, options), (one) => {
    if (one.type === 'level' && one.level === 1) controller.abort();
  });
  assert.equal(came.at(-1)?.type, 'cancelled');
  assert.equal(came.filter(({ type }) => type === 'image').length, 1);
  await assert.rejects(all(client.generate({}, options)), { name: 'AbortError' });
});

test('leaving the loop cancels the request', async () => {
  for await (const one of client.generate({ seed: 1, guides: hold(1) })) if (one.type === 'level') break;
  const [job] = serving.services.jobs.list().jobs;
  assert.equal((await job?.ended)?.type, 'cancelled');
});

test('errors have their code', async () => {
  const isCoded = (code: string) => (error: RequestError) => error.name === 'RequestError' && error.code === code;
  await assert.rejects(all(client.generate({ guides: [{ name: 'nope' }] })), isCoded('guide_unknown'));
  await assert.rejects(all(client.generate({ count: 0 })), isCoded('message_invalid'));
  await assert.rejects(client.pictures({ guides: [{ name: 'nope' }] }), isCoded('guide_unknown'));
  const nowhere = new KandidClient({
    url: 'http://127.0.0.1:1',
    retries: 1,
    WebSocket: Breakable as unknown as SocketMaker,
  });
  await assert.rejects(all(nowhere.generate({})), isCoded('connection_lost'));
});

test('the other routes', async () => {
  const { images } = await client.pictures({ seed: 2 });
  const [first] = images;
  assert.ok(first?.base64 && first.codeString);
  const drawn = await client.decode([first.codeString]);
  assert.deepEqual(drawn.images[0]?.code, first.code);
  const found = await client.encode(first.base64, { beams: 4 });
  assert.equal(found.images.length, 1);
  assert.ok((await client.models()).length > 0 && (await client.guides()).length > 0);
});

test('requests share one connection, which is closed when unused', async () => {
  const before = sockets.length;
  const both = await Promise.all([all(client.generate({ seed: 1 })), all(client.generate({ seed: 2 }))]);
  for (const came of both) assert.equal(came.at(-1)?.type, 'done');
  assert.equal(sockets.length, before + 1);
  assert.notEqual(sockets.at(-1)?.readyState, WebSocket.OPEN);
});

test('a watched connection stays open, reconnects, and reports its state', async () => {
  const states: string[] = [];
  let onOpen = () => {};
  const opened = () =>
    new Promise<void>((resolve) => {
      onOpen = resolve;
    });
  const first = opened();
  const stop = client.watch((state) => {
    states.push(state);
    if (state === 'open') onOpen();
  });
  await first;
  const again = opened();
  sockets.at(-1)?.terminate();
  await again;
  stop();
  assert.deepEqual(states, ['closed', 'connecting', 'open', 'lost', 'open']);
});

test('a request that a restarted server does not know is repeated with the same seed', async () => {
  // The same guide, but one that answers.
  const answering = mkdtempSync(join(tmpdir(), 'kandid-guides-'));
  const source = readFileSync('test/fixtures/slow-guides/hold.mjs', 'utf8');
  writeFileSync(join(answering, 'hold.mjs'), source.replace('index < level', 'true'));
  const held = await serve({ abandonSeconds: 0 });
  const mine = new KandidClient({ url: held.url, WebSocket: Breakable as unknown as SocketMaker });
  const port = Number(new URL(held.url).port);
  let next: Serving | null = null;
  const came = await all(mine.generate({ guides: hold(2), count: 2 }), (one) => {
    if (one.type !== 'level' || one.level !== 1 || next) return;
    sockets.at(-1)?.terminate();
    void held.close().then(async () => {
      next = await serve({ port, guides: [answering] });
    });
  });
  const seeds = came.flatMap((one) => (one.type === 'started' ? [one.seed] : []));
  assert.equal(came.at(-1)?.type, 'done');
  assert.equal(seeds.length, 2);
  assert.equal(seeds[0], seeds[1]);
  await (next as Serving | null)?.close();
  rmSync(answering, { recursive: true });
});

/** A server that says hello and then what the test says, for each connection. */
async function stubServer(t: TestContext, onMessage: (ws: WebSocket, text: string) => void, hello: object = {}) {
  const stub = new WebSocketServer({ port: 0, handleProtocols: () => 'kandid.v1', maxPayload: 2000 });
  let connections = 0;
  stub.on('connection', (ws) => {
    connections += 1;
    ws.on('error', () => {});
    ws.on('message', (data) => onMessage(ws, String(data)));
    ws.send(JSON.stringify({ type: 'hello', version: '0', protocol: 1, ...hello }));
  });
  t.after(() => stub.close());
  await once(stub, 'listening');
  const { port } = stub.address() as { port: number };
  const mine = new KandidClient({ url: `http://127.0.0.1:${port}`, WebSocket: Breakable as unknown as SocketMaker });
  return { mine, connections: () => connections };
}

const large = { guides: [{ name: 'target', params: { image: 'A'.repeat(5000) } }] };

test('a message larger than the limit of the server is not sent, and only its request fails', async (t) => {
  const told: string[] = [];
  const stub = await stubServer(t, (_, text) => told.push(text), { messageBytes: 1000 });
  const stop = stub.mine.watch(() => {});
  await assert.rejects(all(stub.mine.generate(large)), { code: 'message_too_large', details: { bytes: 5080 } });
  assert.deepEqual([told, stub.connections()], [[], 1]);
  stop();
});

test('a request whose size closed the socket (1009) is not repeated', async (t) => {
  const stub = await stubServer(t, (ws, text) => {
    const { id } = JSON.parse(text);
    ws.send(JSON.stringify({ type: 'error', id, seq: 0, code: 'internal', message: 'answered' }));
  });
  const [refused, answered] = await Promise.allSettled([all(stub.mine.generate(large)), all(stub.mine.generate({}))]);
  assert.equal((refused as PromiseRejectedResult).reason.code, 'message_too_large');
  assert.equal((answered as PromiseRejectedResult).reason.message, 'answered');
});

test('a request that repeatedly breaks the connection is given up, even if the server accepts each new connection', async (t) => {
  const stub = await stubServer(t, (ws, text) => {
    const { id } = JSON.parse(text);
    ws.send(JSON.stringify({ type: 'queued', id, job: 'j', seq: 0, position: 0, estimateSeconds: null, attempt: 1 }));
    ws.close();
  });
  await assert.rejects(all(stub.mine.generate({})), { code: 'connection_lost' });
  assert.equal(stub.connections(), 6);
});

test('a request that repeatedly ends the server is not retried forever', async (t) => {
  let seq = 0;
  const stub = await stubServer(t, (ws, text) => {
    const { id, type } = JSON.parse(text);
    if (type === 'attach') {
      ws.send(JSON.stringify({ type: 'error', id, job: 'j', code: 'job_unknown', message: 'unknown' }));
      return;
    }
    ws.send(
      JSON.stringify({ type: 'queued', id, job: 'j', seq: seq++, position: 0, estimateSeconds: null, attempt: 1 }),
    );
    ws.terminate();
  });
  await assert.rejects(all(stub.mine.generate({})), { code: 'connection_lost' });
  assert.ok(stub.connections() <= 13);
});

test('a request to a starting server waits for its models', async () => {
  const starting = await serveStarting();
  let early = new KandidClient({ url: starting.url });
  assert.equal((await early.health()).status, 'starting');
  const refused = new Promise<void>((resolve) => {
    class Heard extends Breakable {
      constructor(url: string, protocols: string[]) {
        super(url, protocols);
        this.on('message', (data) => String(data).includes('not_ready') && resolve());
      }
    }
    early = new KandidClient({ url: starting.url, WebSocket: Heard as unknown as SocketMaker });
  });
  const asked = all(early.generate({ seed: 3 }));
  await refused;
  await starting.open();
  assert.equal((await asked).at(-1)?.type, 'done');
  await starting.close();
});
