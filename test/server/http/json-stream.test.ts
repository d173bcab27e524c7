import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { Base64, jsonPieces, writePieces } from '../../../src/server/http/json-stream.ts';

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i % 251);

test('chunks form the same JSON, and none is large', () => {
  const [a, b] = [bytes(200_001), bytes(2)];
  const pieces = [...jsonPieces({ images: [{ base64: new Base64(a) }, { base64: new Base64(b) }], seed: 1, x: null })];
  const text = (of: Uint8Array) => Buffer.from(of).toString('base64');
  assert.deepEqual(JSON.parse(pieces.join('')), {
    images: [{ base64: text(a) }, { base64: text(b) }],
    seed: 1,
    x: null,
  });
  assert.ok(pieces.every(({ length }) => length <= 65_536));
  assert.equal([...jsonPieces({ a: 1 })].join(''), '{"a":1}');
});

test('more than the longest string can be sent', () => {
  const picture = new Base64(bytes(2 ** 22));
  let length = 0;
  for (const piece of jsonPieces(Array.from({ length: 130 }, () => picture))) length += piece.length;
  assert.ok(length > 2 ** 29);
});

test('a slow reader is waited for, and a disconnect ends the stream', async () => {
  const reader = new PassThrough({ highWaterMark: 10 });
  let made = 0;
  const pieces = function* () {
    for (; made < 100; made++) yield 'x'.repeat(8);
  };
  const writing = writePieces(reader, pieces());
  await new Promise(setImmediate);
  assert.ok(made < 10, `${made} made`);
  reader.read();
  await new Promise(setImmediate);
  reader.destroy();
  await writing;
  assert.ok(made < 20, `${made} made`);
});
