import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { after, describe, it } from 'node:test';
import http from '../../guides/http.ts';
import { type Guide, GuideProblem } from '../../src/guide.ts';
import { fakeContext } from './fake-context.ts';
import { testGuide } from './guide-suite.ts';
import { candidatesOf, level, paint, scoresOf } from './pictures.ts';

type Answer = (body: string, response: ServerResponse, request: IncomingMessage) => void;

const servers: Server[] = [];
const children: ChildProcess[] = [];
after(() => {
  for (const server of servers) server.close().closeAllConnections();
  for (const child of children) child.kill();
});

async function serve(answer: Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    answer(body, response, request);
  });
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function create(host: string, params: Record<string, unknown> = {}): Promise<Guide> {
  const options = http.params.parse({ url: `http://${host}/score`, ...params });
  return http.create(options, fakeContext({ allowedHosts: [host] }));
}

const means: Answer = (body, response) => {
  const { candidates, batch, count } = JSON.parse(body);
  const bytes = Buffer.from(candidates, 'base64');
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const length = values.length / (batch * count);
  const mean = (n: number) =>
    values.subarray(n * length, (n + 1) * length).reduce((sum, value) => sum + value, 0) / length;
  response.end(JSON.stringify({ scores: Array.from({ length: batch * count }, (_, n) => mean(n)) }));
};

const red = paint(8, 8, 3, () => [0.9, 0, -0.9]);
const blue = paint(8, 8, 3, () => [-0.9, 0, 0.9]);
const meansHost = await serve(means);

testGuide(http, { params: { url: `http://${meansHost}/`, format: 'float32' }, allowedHosts: [meansHost] });

describe('the request', () => {
  it('describes the candidates and contains data', async () => {
    let question: Record<string, unknown> = {};
    const host = await serve((body, response) => {
      question = JSON.parse(body);
      response.end('{"scores": [[1, 2]]}');
    });
    const guide = await create(host, { data: { wish: 'warm' } });
    assert.deepEqual(await scoresOf(guide, red, blue), [1, 2]);
    const { candidates, ...rest } = question;
    assert.equal(
      Buffer.from(candidates as string, 'base64')
        .subarray(1, 4)
        .toString(),
      'PNG',
    );
    assert.deepEqual(rest, {
      kandid: 1,
      format: 'png',
      batch: 1,
      count: 2,
      channels: 3,
      side: 8,
      level: level(8),
      data: { wish: 'warm' },
    });
    await guide.dispose?.();
  });
});

describe('invalid responses', () => {
  const cases: [string, Answer, RegExp][] = [
    ['too few scores', (_, response) => response.end('{"scores": [1]}'), /1 scores, expected 2/],
    ['no scores', (_, response) => response.end('{"result": 1}'), /something else than/],
    ['no JSON', (_, response) => response.end('{"scores": [NaN, 1]}'), /did not answer with JSON.*fix the service/],
    ['numbers too large', (_, response) => response.end('{"scores": [1e300, 1]}'), /no finite 32-bit number/],
    ['an error', (_, response) => response.writeHead(400).end('a secret'), /answered 400, expected 200/],
    [
      'a redirect',
      (_, response) => response.writeHead(302, { location: 'http://example.com/' }).end(),
      /redirects \(302\)/,
    ],
    [
      'too long an answer',
      (_, response) => response.end(`{"scores": [${'1,'.repeat(2 ** 20)}1]}`),
      /more than 1048576 bytes/,
    ],
    ['no answer', () => {}, /did not respond within 0\.2 s/],
  ];
  for (const [name, answer, message] of cases)
    it(`${name}: a GuideProblem`, async () => {
      const guide = await create(await serve(answer), { timeoutSeconds: 0.2 });
      await assert.rejects(
        async () => scoresOf(guide, red, blue),
        (error: Error) =>
          error instanceof GuideProblem && message.test(error.message) && !/secret|NaN/.test(error.message),
      );
      await guide.dispose?.();
    });
});

describe('a failing service', () => {
  it('is retried once', async () => {
    let calls = 0;
    const host = await serve((_, response) => {
      calls++;
      if (calls === 1) response.writeHead(503).end('starting');
      else response.end('{"scores": [1, 0]}');
    });
    assert.deepEqual(await scoresOf(await create(host), red, blue), [1, 0]);
    const broken = await serve((_, response) => void response.destroy());
    await assert.rejects(
      async () => scoresOf(await create(broken), red, blue),
      /could not be reached \(ECONNRESET\), tried twice/,
    );
  });

  it('is not retried after cancellation', async () => {
    const guide = await create(await serve(() => {}));
    const abort = new AbortController();
    const answer = guide.score(candidatesOf(red, blue), level(8), abort.signal);
    setTimeout(() => abort.abort(new Error('left')), 50);
    await assert.rejects(async () => answer, /left/);
  });
});

describe('addresses', () => {
  it('refuses hosts that are not allowed before anything is sent', async () => {
    const params = http.params.parse({ url: `http://${meansHost}/` });
    assert.throws(
      () => http.create(params, fakeContext({ allowedHosts: ['example.com'] })),
      /not on the list of hosts .* \(example\.com\)/,
    );
    assert.throws(() => http.create(params, fakeContext()), /\(it is empty\)/);
  });
});

describe('the example services of the README', () => {
  const fixture = (name: string) => resolve('test/fixtures/services', name);
  const start = async (command: string, file: string): Promise<string> => {
    const child = spawn(command, [fixture(file), '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return `127.0.0.1:${/\d+/.exec(line.toString())?.[0]}`;
  };
  const python = spawnSync('python3', ['--version']).status === 0;
  const services = [
    {
      name: 'Python',
      command: 'python3',
      file: 'warm.py',
      format: 'float32',
      skip: python ? false : 'python3 is not installed',
    },
    { name: 'Node', command: process.execPath, file: 'warm-service.mjs', format: 'png', skip: false },
  ];
  for (const { name, command, file, format, skip } of services)
    it(`${name}: prefers warm pictures`, { skip }, async () => {
      const guide = await create(await start(command, file), { format });
      const [warm, cold] = (await scoresOf(guide, red, blue)) as [number, number];
      assert.ok(warm > 0 && cold < 0, `${warm} ${cold}`);
      assert.equal((await scoresOf(guide, red, blue)).length, 2, 'asked again on the same connection');
      await guide.dispose?.();
    });
});
