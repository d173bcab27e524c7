import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprint, IdempotencyKeys } from '../../../src/server/jobs/idempotency.ts';

test('equal values have equal fingerprints, in any order of fields', () => {
  assert.equal(fingerprint({ a: 1, b: [1, 2], c: undefined }), fingerprint({ b: [1, 2], a: 1 }));
  assert.equal(fingerprint(Uint8Array.of(1, 2)), fingerprint(Buffer.from([1, 2])));
});

test('different values have different ones', () => {
  const values = [
    ...[{ a: 1 }, { a: '1' }, { a: [1] }, { a: { 0: 1 } }, { b: 1 }, {}, [], null, 'null', 0, false],
    ...[[[1], 2], [1, [2]], ['ab', 'c'], ['a', 'bc'], { ab: 'c' }, { a: 'bc' }],
    ...[Uint8Array.of(1), Uint8Array.of(1, 0), Float32Array.of(1), 'a', ['a']],
  ];
  assert.equal(new Set(values.map(fingerprint)).size, values.length);
});

test('a key belongs to its client and to one request', () => {
  const keys = new IdempotencyKeys();
  keys.add('a', 'k', { fingerprint: 'f', job: 'j' });
  assert.equal(keys.find('a', 'k', 'f'), 'j');
  assert.equal(keys.find('b', 'k', 'f'), null);
  assert.throws(() => keys.find('a', 'k', 'other'), { code: 'idempotency_conflict' });
  keys.delete('a', 'k');
  assert.equal(keys.find('a', 'k', 'other'), null);
});
