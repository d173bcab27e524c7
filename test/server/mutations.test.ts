/** Randomly mutated input: it must neither end the server nor cause a 5xx response. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodePictureFrame } from '../../src/contract/stream.ts';
import type { KandidError } from '../../src/errors.ts';
import { parseJson, REQUEST_JSON } from '../../src/kit/json.ts';
import { frames } from '../../src/lab/bench/server/hostile/frames.ts';
import { metadata } from '../../src/lab/bench/server/hostile/metadata.ts';
import { sendFrames } from '../../src/lab/bench/server/hostile/raw-socket.ts';
import { shapes } from '../../src/lab/bench/server/hostile/shapes.ts';
import { readProvenance } from '../../src/pictures/provenance.ts';
import { post, type Serving, serve } from './serving.ts';

const SEED = 7;
const COUNT = 300;

let serving: Serving;
before(async () => {
  serving = await serve({ requestsPerMinute: 0, allowedHosts: [] });
});
after(async () => {
  await serving.close();
});

async function assertWell(): Promise<void> {
  const { status } = await post(`${serving.url}/v1/generate`, { seed: 1, base64: false });
  assert.equal(status, 200);
}

test('the same seed gives the same mutations', () => {
  for (const kind of [shapes, metadata, frames])
    assert.deepEqual([...kind(SEED, 20)].map(String), [...kind(SEED, 20)].map(String));
});

test('the parser accepts what JSON.parse accepts', () => {
  let taken = 0;
  for (const bytes of shapes(SEED, 2000)) {
    let read: unknown;
    try {
      read = parseJson(bytes, REQUEST_JSON);
    } catch {
      continue;
    }
    taken += 1;
    assert.deepEqual(read, JSON.parse(bytes.toString()));
  }
  assert.ok(taken > 500 && taken < 2000);
});

test('bodies: answered, or refused with a reason', async () => {
  for (const body of shapes(SEED, COUNT)) {
    const headers = { 'content-type': 'application/json', 'cancel-after': '0.05' };
    const answer = await fetch(`${serving.url}/v1/generate`, { method: 'POST', headers, body: new Uint8Array(body) });
    const { code, detail } = (await answer.json()) as { code?: string; detail?: string };
    const isRefused = answer.status >= 400 && answer.status < 500 && detail;
    const isLate = code === 'deadline_passed' || code === 'cancelled';
    assert.ok(answer.status === 200 || isRefused || isLate, `${answer.status} ${detail}: ${body.subarray(0, 300)}`);
  }
  await assertWell();
});

test('files: provenance is reported, or its absence', () => {
  let read = 0;
  for (const file of metadata(SEED, 3 * COUNT))
    try {
      assert.equal(typeof readProvenance(file), 'object');
      read += 1;
    } catch (error) {
      assert.equal((error as KandidError).code, 'provenance_missing');
    }
  assert.ok(read > 10);
});

test('frames: the socket is answered or closed, and others are unaffected', async () => {
  const all = [...frames(SEED, COUNT)];
  for (let at = 0; at < all.length; at += 10) await sendFrames(serving.url, all.slice(at, at + 10));
  await assertWell();
});

test('frames of pictures: read, or refused', () => {
  for (const bytes of frames(SEED, COUNT))
    for (const frame of [bytes, Buffer.concat([Buffer.from([0, 0, 0, bytes.length & 0xff]), bytes])])
      assert.throws(() => decodePictureFrame(frame), { code: 'message_invalid' });
});
