import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readTensors } from '../../src/runtime/safetensors.ts';
import { temporaryFolder } from './copies.ts';

async function write(t: TestContext, header: object | string, data: Uint8Array): Promise<string> {
  const path = join(await temporaryFolder(t), 'weights.safetensors');
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path, Buffer.concat([length, text, data]));
  return path;
}

const bytesOf = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

test('float32 and float16 tensors are read by name', async (t) => {
  // The halves of 1, −2, 2⁻²⁴ (the smallest), 65504 (the largest), −0 and ∞, as NumPy writes them.
  const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x7c00);
  const data = Buffer.concat([bytesOf(Float32Array.of(1.5, -3)), bytesOf(halves)]);
  const header = {
    __metadata__: { format: 'pt' },
    a: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    b: { dtype: 'F16', shape: [6], data_offsets: [8, 20] },
  };
  const tensors = await readTensors(await write(t, header, data), ['b', 'a'], 'x');
  assert.deepEqual(tensors.get('a'), { data: Float32Array.of(1.5, -3), dims: [2, 1] });
  assert.deepEqual([...(tensors.get('b')?.data ?? [])], [1, -2, 2 ** -24, 65504, -0, Number.POSITIVE_INFINITY]);
});

test('int8 tensors are read with the scale of each output', async (t) => {
  const data = Buffer.concat([bytesOf(Float32Array.of(0.5, 2)), bytesOf(Int8Array.of(1, -127, 3, 127))]);
  const header = {
    'a.scale': { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    a: { dtype: 'I8', shape: [2, 2], data_offsets: [8, 12] },
  };
  const tensors = await readTensors(await write(t, header, data), ['a'], 'x');
  assert.deepEqual(tensors.get('a'), { data: Float32Array.of(0.5, -63.5, 6, 254), dims: [2, 2] });
});

for (const [what, header, says] of [
  ['a missing tensor', {}, /tensor "a" is missing/],
  ['another type', { a: { dtype: 'I64', shape: [4], data_offsets: [0, 4] } }, /is I64, expected F32, F16 or I8/],
  ['int8 without scales', { a: { dtype: 'I8', shape: [4], data_offsets: [0, 4] } }, /"a.scale" is missing/],
  ['a wrong size', { a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }, /has 4 bytes, expected 8/],
  ['data beyond the end', { a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } }, /it ends at byte/],
  ['a broken header', '{oops', /header is not JSON/],
] as const)
  test(`${what} is refused`, async (t) => {
    const path = await write(t, header, new Uint8Array(4));
    await assert.rejects(readTensors(path, ['a'], 'x'), { code: 'bundle_invalid', message: says });
  });

test('a header that is too large is not read', async (t) => {
  const path = join(await temporaryFolder(t), 'w');
  await writeFile(path, new Uint8Array(8).fill(255));
  await assert.rejects(readTensors(path, ['a'], 'x'), { code: 'bundle_invalid' });
  await assert.rejects(readTensors(`${path}-none`, ['a'], 'x'), { code: 'file_unreadable' });
});
