import assert from 'node:assert/strict';
import { it } from 'node:test';
import { z } from 'zod';
import { pictureParam, sideParams, sidePreferences } from '../../../guides/lib/params.ts';

const schema = z.strictObject({ image: pictureParam('A picture.'), ...sideParams });
const bytes = Uint8Array.of(137, 80, 78, 71);
const base64 = Buffer.from(bytes).toString('base64');

it('accepts bytes, base64 and data URLs, and returns bytes', () => {
  for (const image of [
    bytes,
    Buffer.from(bytes),
    base64,
    `data:image/png;base64,${base64}`,
    `${base64.slice(0, 4)}\n${base64.slice(4)}`,
  ])
    assert.deepEqual([...schema.parse({ image }).image], [...bytes]);
});

it('reports the value and the expectation', () => {
  const cases: [unknown, RegExp][] = [
    [undefined, /expected a picture: its bytes, or base64/],
    [42, /expected a picture/],
    ['https://example.com/cat.png', /is an address; send the bytes/],
    ['data:image/png,%89PNG', /without ";base64,"/],
    ['not base64!', /is not base64/],
    ['', /is empty: expected the bytes of a PNG/],
    [new Uint8Array(2 ** 25 + 1), /33554433 bytes, at most 33554432/],
  ];
  for (const [image, message] of cases) {
    const result = schema.safeParse({ image });
    assert.match(result.error?.issues[0]?.message ?? '', message);
    assert.deepEqual(result.error?.issues[0]?.path, ['image']);
  }
});

it('is documented as base64 in the JSON Schema', () => {
  const { properties, required } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  assert.deepEqual(properties?.image, { type: 'string', contentEncoding: 'base64', description: 'A picture.' });
  assert.deepEqual(required, ['image']);
});

it('limits sides only if requested', () => {
  assert.deepEqual(sidePreferences(schema.parse({ image: bytes })), {});
  assert.deepEqual(sidePreferences({ toSide: 16 }), { prefers: { toSide: 16 } });
});
