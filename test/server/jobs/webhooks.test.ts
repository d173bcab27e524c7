import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { signatureOf } from '../../../src/server/jobs/webhooks.ts';
import { post, type Serving, serve } from '../serving.ts';

const SECRET = 'a secret of some length';
const came: { headers: IncomingMessage['headers']; body: string }[] = [];
const statuses: number[] = [];
let receiver: Server;
let serving: Serving;
let address: string;

before(async () => {
  receiver = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    came.push({ headers: request.headers, body });
    response.writeHead(statuses.shift() ?? 204).end();
    receiver.emit('came');
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  address = `127.0.0.1:${port}`;
  serving = await serve({ allowedHosts: [address], webhookSecret: SECRET });
});
after(async () => {
  await serving.close();
  receiver.close();
});

test('the end of a job is posted with a signature, and retried after a failure', async () => {
  statuses.push(503);
  const twice = (async () => {
    while (came.length < 2) await once(receiver, 'came');
  })();
  const answer = await post(`${serving.url}/v1/jobs`, { seed: 1, webhook: `http://${address}/hook` });
  assert.equal(answer.status, 202);
  await twice;
  const [first, second] = came;
  assert.ok(first && second);
  assert.equal(first.headers['webhook-id'], second.headers['webhook-id']);
  const signed = {
    id: String(second.headers['webhook-id']),
    timestamp: String(second.headers['webhook-timestamp']),
    body: second.body,
  };
  assert.equal(second.headers['webhook-signature'], signatureOf(SECRET, signed));
  const { type, data } = JSON.parse(second.body);
  assert.deepEqual([type, data.state, data.result.images.length], ['job.done', 'done', 1]);
  assert.ok(data.result.images[0].url && !('base64' in data.result.images[0]));
});

test('addresses that are not allowed are refused', async () => {
  for (const webhook of ['http://127.0.0.1:1/', 'http://169.254.169.254/', 'ftp://x', 'http://u:p@x/']) {
    const answer = await post(`${serving.url}/v1/generate`, { webhook });
    assert.equal(answer.status, 400, webhook);
    assert.match(((await answer.json()) as { detail: string }).detail, /webhook/);
  }
});
