/** Regression tests for requests that once crashed or blocked the server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SUBPROTOCOL } from '../../src/contract/stream.ts';
import { post, type Serving, serve } from './serving.ts';
import { Socket } from './socket.ts';

let serving: Serving;
before(async () => {
  serving = await serve();
});
after(async () => {
  await serving.close();
});

/** Lists nested to a depth. */
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

/** Checks that the server still responds and generates pictures. */
async function assertWell(): Promise<void> {
  const { status } = await post(`${serving.url}/v1/generate`, { seed: 1, base64: false });
  assert.equal(status, 200);
}

async function refusal(answer: Response): Promise<[number, string]> {
  const { code, detail } = (await answer.json()) as { code: string; detail: string };
  return [answer.status, `${code}: ${detail}`];
}

test('a deeply nested form field is refused', async () => {
  for (const levels of [100, 3437, 100_000]) {
    const form = new FormData();
    form.set('guides', `[{"name":"target","params":{"x":${nested(levels)}}}]`);
    const [status, said] = await refusal(await fetch(`${serving.url}/v1/generate`, { method: 'POST', body: form }));
    assert.equal(status, 400);
    assert.match(said, /^params_invalid: The form: guides: .*more than 32 objects and lists inside one another/);
  }
  await assertWell();
});

test('the fields of a form are limited in total', async () => {
  const form = new FormData();
  for (let i = 0; i < 6; i++) form.set(`field${i}`, 'x'.repeat(200_000));
  const [status, said] = await refusal(await fetch(`${serving.url}/v1/generate`, { method: 'POST', body: form }));
  assert.equal(status, 413);
  assert.match(said, /its text exceeds the limit of 1048576 bytes/);
});

test('a deeply nested message is refused, and the socket stays open', async () => {
  const socket = await Socket.open(serving.url, { protocols: [SUBPROTOCOL] });
  socket.ws.send(`{"type":"generate","id":"deep","guides":[{"name":"target","params":{"x":${nested(4000)}}}]}`);
  const { code, id, message } = await socket.next('error');
  assert.deepEqual([code, id], ['message_invalid', 'deep']);
  assert.match(message, /more than 32 objects and lists inside one another/);
  socket.say({ type: 'generate', id: 'well', seed: 1 });
  assert.equal((await socket.next('done')).id, 'well');
  await socket.leave();
});

const MEGA = 1_000_000;
const fields = (count: number) => Array.from({ length: count }, (_, i) => `"k${i}":0`).join();
const bodies: readonly [what: string, body: string, why: RegExp][] = [
  ['beams by a million sides', `{"sampler":{"beams":{${fields(MEGA)}}}}`, /more than 2000 fields/],
  ['a million parameters', `{"guides":[{"name":"text","params":{${fields(MEGA)}}}]}`, /more than 2000 fields/],
  [
    'ten million prompts',
    `{"guides":[{"name":"text","params":{"prompt":[${'{},'.repeat(10 * MEGA)}1]}}]}`,
    /more than 100000 values/,
  ],
  ['text of many megabytes', `{"model":"${'no! '.repeat(MEGA)}"}`, /is no picture/],
];

for (const [what, body, why] of bodies)
  test(`refused during parsing: ${what}`, async () => {
    for (const headers of [{}, { prefer: 'respond-async' }] as Record<string, string>[]) {
      const [status, said] = await refusal(await post(`${serving.url}/v1/generate`, body, headers));
      assert.equal(status, 400);
      assert.match(said, why);
    }
    await assertWell();
  });

test('routes without pictures read at most a mebibyte', async () => {
  const [status, said] = await refusal(await post(`${serving.url}/v1/cross`, `{"a":"${'A'.repeat(2 * MEGA)}"}`));
  assert.equal(status, 413);
  assert.match(said, /1048576 bytes/);
});

test('invalid params of guides are refused before a job is created', async () => {
  const body = { guides: [{ name: 'text', params: { prompt: [{}, 1] } }] };
  const [status, said] = await refusal(await post(`${serving.url}/v1/generate`, body, { prefer: 'respond-async' }));
  assert.equal(status, 400);
  assert.match(said, /^params_invalid: Guide "text": prompt/);
  const socket = await Socket.open(serving.url);
  socket.ws.send(JSON.stringify({ type: 'generate', id: 'a', ...body }));
  assert.equal((await socket.next('error')).job, undefined);
  await socket.leave();
});
