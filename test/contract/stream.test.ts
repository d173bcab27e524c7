import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { encodeFrame } from '../../src/contract/frames.ts';
import {
  clientMessageSchema,
  decodePictureFrame,
  encodePictureFrame,
  type FrameHeader,
  frameHeaderSchema,
  parseClientMessage,
  parseServerMessage,
  SUBPROTOCOL,
  serverMessageSchema,
} from '../../src/contract/stream.ts';
import type { KandidError } from '../../src/errors.ts';

const parse = (message: unknown) => parseClientMessage(JSON.parse(JSON.stringify(message)));

function problem(text: string): string {
  try {
    parseClientMessage(JSON.parse(text));
  } catch (error) {
    assert.equal((error as KandidError).code, 'message_invalid');
    return (error as KandidError).message;
  }
  return 'taken';
}

test('the subprotocol names its version', () => {
  assert.equal(SUBPROTOCOL, 'kandid.v1');
});

test('defaults are filled in', () => {
  const message = parse({ type: 'generate', id: 'a', guides: [{ name: 'text', params: { prompt: 'x' } }] });
  assert.ok(message.type === 'generate');
  assert.equal(message.count, 1);
  assert.equal(message.format, 'png');
  assert.deepEqual(message.previews, { format: 'webp', quality: 80, images: 4, perSecond: 10 });
  assert.deepEqual(message.sampler, { beams: 1 });
});

test('all other client messages are accepted', () => {
  for (const message of [
    { type: 'attach', id: 'b', job: 'j', since: 4 },
    { type: 'detach', id: 'b' },
    { type: 'cancel', id: 'b' },
    { type: 'choose', id: 'b', question: 0, picks: [3, 1] },
    { type: 'weights', id: 'b', weights: [1, -0.5] },
    { type: 'ping', nonce: 'n' },
  ])
    assert.deepEqual(parse(message), message);
});

test('errors report the field and the problem', () => {
  assert.match(problem('{"type":"nonsense"}'), /The message: type: /);
  assert.match(problem('{"type":"generate","id":"a","guide":[]}'), /guide: there is no such field/);
  assert.match(problem('{"type":"generate","id":"a b"}'), /id: expected 1 to 64/);
  assert.match(problem('{"type":"choose","id":"a","question":0,"picks":[-1]}'), /picks\.0: /);
  assert.match(problem('[1]'), /The message: /);
  assert.ok(problem(`{"type":"ping","${'x'.repeat(9999)}":1}`).length < 500);
});

test('the client parses server messages', () => {
  const message = {
    type: 'queued',
    id: 'a',
    job: 'j',
    seq: 0,
    position: 2,
    estimateSeconds: null,
    attempt: 1,
  } as const;
  assert.deepEqual(parseServerMessage(JSON.stringify(message)), message);
  assert.throws(() => parseServerMessage('{"type":"queued"}'), { code: 'message_invalid' });
});

test('a preview survives framing', () => {
  const header: FrameHeader = {
    type: 'preview',
    id: 'a',
    job: 'j',
    seq: 9,
    attempt: 1,
    image: 0,
    level: 3,
    side: 8,
    choice: 2,
    mime: 'image/webp',
    width: 8,
    height: 8,
  };
  const frame = decodePictureFrame(encodePictureFrame(header, Uint8Array.of(5)));
  assert.deepEqual(frame.header, header);
  assert.deepEqual([...frame.bytes], [5]);
  assert.throws(() => decodePictureFrame(encodeFrame({ type: 'preview' }, new Uint8Array(0))), {
    code: 'message_invalid',
  });
});

test('the schemas can be converted to JSON Schema', () => {
  for (const schema of [clientMessageSchema, serverMessageSchema, frameHeaderSchema])
    assert.ok(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
});
