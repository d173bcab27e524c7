/** Tensors of a checkpoint: the locations of their values, and the values themselves, in chunks. */
import { readFully } from './byte-source.ts';
import { CheckpointProblem } from './problem.ts';
import { Call, kindOf, type PickleValue, Storage } from './values.ts';

/** Float32 values in row-major order, in the file. */
export interface StoredFloats {
  /** Name in the checkpoint, for messages. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Offset of the first value from the start of the file. */
  readonly offset: number;
  /** Number of values. */
  readonly count: number;
}

const LARGEST_DIM = 2 ** 20;

/**
 * @param value the result of `_rebuild_parameter` or `_rebuild_tensor_v2`
 * @throws {CheckpointProblem} if it is not a contiguous float32 tensor within its storage
 */
export function storedFloats(value: PickleValue | undefined, name: string): StoredFloats {
  const refuse = (problem: string) => new CheckpointProblem(`${name} ${problem}`);
  const args = rebuiltTensor(value);
  if (!args) throw refuse(`is ${kindOf(value)}, expected a tensor`);
  const [storage, first, size, stride] = args;
  if (!(storage instanceof Storage)) throw refuse(`has ${kindOf(storage)} in place of its storage`);
  if (storage.kind !== 'FloatStorage') throw refuse(`is stored as ${storage.kind}, expected FloatStorage`);
  const shape = wholeNumbers(size, LARGEST_DIM);
  const strides = wholeNumbers(stride, Number.MAX_SAFE_INTEGER);
  if (!shape || !strides || shape.length !== strides.length || shape.length > 8)
    throw refuse('has a size that no tensor has');
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (typeof first !== 'number' || !(first >= 0) || !(first + count <= storage.count))
    throw refuse(`needs ${count} values from ${kindOf(first)} on, its storage has ${storage.count}`);
  if (!isContiguous(shape, strides)) throw refuse(`has the strides ${strides.join(', ')}, expected rows without gaps`);
  return { name, shape, offset: storage.offset + 4 * first, count };
}

/** Arguments of `_rebuild_tensor_v2`, with or without `_rebuild_parameter` around it. */
function rebuiltTensor(value: PickleValue | undefined): readonly PickleValue[] | null {
  if (!(value instanceof Call)) return null;
  if (value.callee.path === 'torch._utils._rebuild_tensor_v2') return value.args;
  if (value.callee.path !== 'torch._utils._rebuild_parameter') return null;
  const [inner] = value.args;
  return inner instanceof Call && inner.callee.path === 'torch._utils._rebuild_tensor_v2' ? inner.args : null;
}

function wholeNumbers(value: PickleValue | undefined, most: number): number[] | null {
  if (!Array.isArray(value)) return null;
  const numbers = value as readonly PickleValue[];
  const isSize = (one: PickleValue): one is number =>
    typeof one === 'number' && Number.isInteger(one) && one >= 0 && one <= most;
  return numbers.every(isSize) ? [...numbers] : null;
}

/** Strides of dims of size one are ignored. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis] as number;
  }
  return true;
}

const CHUNK = 2 ** 18;

/**
 * The values in chunks of at most 262,144; each is valid until the next is requested.
 *
 * @throws {CheckpointProblem} if a value is not finite
 */
export function* floatsOf(file: number, { name, offset, count }: StoredFloats): Generator<Float32Array> {
  const values = new Float32Array(Math.min(CHUNK, count));
  for (let from = 0; from < count; from += CHUNK) {
    const piece = values.subarray(0, Math.min(CHUNK, count - from));
    const bytes = new Uint8Array(piece.buffer, 0, piece.byteLength);
    if (readFully(file, bytes, bytes.length, offset + 4 * from) < bytes.length)
      throw new CheckpointProblem(`${name} was cut short while it was read`);
    // On big-endian machines, for which ONNX Runtime has no binaries, this would read wrong values.
    for (const value of piece)
      if (!Number.isFinite(value)) throw new CheckpointProblem(`${name} holds ${value}, expected finite numbers`);
    yield piece;
  }
}

/** All values of a small tensor. @throws {CheckpointProblem} */
export function allFloats(file: number, tensor: StoredFloats): Float32Array {
  const all = new Float32Array(tensor.count);
  let at = 0;
  for (const piece of floatsOf(file, tensor)) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
