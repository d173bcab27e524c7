import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArithmeticDecoder, ArithmeticEncoder, frequenciesOf } from '../../../src/engine/tasks/arithmetic-coder.ts';
import { seededRandom } from '../../../src/kit/text-seeded-random.ts';

const TOTAL = 2 ** 16;

test('frequencies are proportional, positive, and sum to 65,536', () => {
  assert.deepEqual(frequenciesOf([Math.log(0.5), Math.log(0.25), Math.log(0.25)]), [32768, 16384, 16384]);
  const sure = frequenciesOf([0, -1000, Number.NEGATIVE_INFINITY]);
  assert.deepEqual(sure, [TOTAL - 2, 1, 1]);
  assert.throws(() => frequenciesOf([0, 0, 0]), /more than 1/);
});

test('a worked example: the second half, then the first quarter, is one byte', () => {
  const encoder = new ArithmeticEncoder();
  encoder.encode(1, [TOTAL / 2, TOTAL / 2]);
  encoder.encode(0, [TOTAL / 4, (3 * TOTAL) / 4]);
  // [1/2, 1/2 + 1/8) begins with the bits 100.
  assert.deepEqual([...encoder.finish()], [0b1000_0000]);
});

test('encoding and decoding are inverse, with about the entropy in bits', () => {
  for (let seed = 0; seed < 50; seed++) {
    const random = seededRandom(`coder-${seed}`);
    const tables = Array.from({ length: 1 + Math.floor(60 * random.next()) }, () => {
      const weights = Array.from({ length: 2 + Math.floor(62 * random.next()) }, () => random.next() ** 4 + 1e-9);
      const sum = weights.reduce((total, one) => total + one, 0);
      return frequenciesOf(weights.map((one) => Math.log(one / sum)));
    });
    const symbols = tables.map((table) => Math.floor(random.next() * table.length));
    const encoder = new ArithmeticEncoder();
    for (const [i, symbol] of symbols.entries()) encoder.encode(symbol, tables[i] as number[]);
    const bytes = encoder.finish();
    const bits = symbols.reduce((sum, symbol, i) => sum + Math.log2(TOTAL / (tables[i]?.[symbol] as number)), 0);
    assert.ok(8 * bytes.length <= bits + 9, `${8 * bytes.length} bits for ${bits}`);
    const decoder = new ArithmeticDecoder(bytes, symbols.length);
    assert.deepEqual(
      tables.map((table) => decoder.decode(table)),
      symbols,
    );
  }
});

test('certain symbols take no bytes', () => {
  const encoder = new ArithmeticEncoder();
  encoder.encode(0, [TOTAL]);
  assert.deepEqual([...encoder.finish()], []);
  assert.equal(new ArithmeticDecoder(new Uint8Array(), 1).decode([TOTAL]), 0);
});

test('bytes of another code end with the documented error', () => {
  for (let n = 0; n < 256; n++) {
    const decoder = new ArithmeticDecoder(Uint8Array.of(n, 255 - n, 255, 255, 255), 2);
    assert.ok(decoder.decode([1, TOTAL - 1]) >= 0);
    assert.ok(decoder.decode([TOTAL - 1, 1]) >= 0);
  }
});
