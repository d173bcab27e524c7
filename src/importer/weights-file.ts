/** Writes the weights of an imported network as safetensors, in chunks: at most a megabyte is in memory. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { LARGEST_HALF, toHalves } from '../kit/half.ts';
import type { WeightPlace } from '../runtime/onnx/graph-builder.ts';
import type { CheckpointLevel } from './checkpoint.ts';
import { CHANNELS, tensorName } from './layout.ts';
import { floatsOf, type StoredFloats } from './pickle/tensor.ts';

/** Precision of kernels; biases and norms, a few kilobytes, are always float32. */
export type Precision = 'half' | 'full';

export interface WrittenWeights {
  readonly places: ReadonlyMap<string, WeightPlace>;
  readonly sha256: string;
  readonly bytes: number;
}

export interface WriteOptions {
  readonly precision: Precision;
  readonly signal?: AbortSignal | undefined;
  /** @param done number of values, of `total` */
  progress?(done: number, total: number): void;
}

interface Planned {
  readonly source: StoredFloats;
  readonly place: WeightPlace;
}

/**
 * @param file descriptor of the checkpoint
 * @param path of the new file; graphs refer to it by its base name
 * @throws {CheckpointProblem} if a weight is not finite
 */
export async function writeWeights(
  file: number,
  levels: readonly CheckpointLevel[],
  { path, name }: { readonly path: string; readonly name: string },
  { precision, signal, progress = () => {} }: WriteOptions,
): Promise<WrittenWeights> {
  const tensors = levels.flatMap((level, index) => tensorsOf(level, index));
  const types = tensors.map(({ source, dims }) => storedType(file, source, dims, precision));
  const { header, planned } = plan(tensors, types, name);
  const total = tensors.reduce((sum, { source }) => sum + source.count, 0);
  const handle = await open(path, 'w', 0o644);
  const hash = createHash('sha256');
  try {
    let at = await append(handle, hash, header, 0);
    let done = 0;
    for (const { source, place } of planned.values()) {
      for (const piece of floatsOf(file, source)) {
        signal?.throwIfAborted();
        at = await append(handle, hash, bytesOf(piece, place.type), at);
        done += piece.length;
        progress(done, total);
      }
    }
    return { places: places(planned), sha256: hash.digest('hex'), bytes: at };
  } finally {
    await handle.close();
  }
}

interface NamedTensor {
  readonly name: string;
  readonly source: StoredFloats;
  readonly dims: readonly number[];
}

function tensorsOf(
  { norms, convolutions, skip, nodes, candidates, width }: CheckpointLevel,
  index: number,
): NamedTensor[] {
  const pairs = [
    ...norms.map(({ weight, bias }, i) => [`norm${i}`, weight, bias] as const),
    ...convolutions.map(({ weight, bias }, i) => [`conv${i}`, weight, bias] as const),
    ...(skip ? [['skip', skip.weight, skip.bias] as const] : []),
  ];
  const named = pairs.flatMap(([part, weight, bias]) => [
    { name: tensorName(index, `${part}.weight`), source: weight, dims: weight.shape },
    { name: tensorName(index, `${part}.bias`), source: bias, dims: bias.shape },
  ]);
  return [
    ...named,
    { name: tensorName(index, 'nodes.weight'), source: nodes, dims: [candidates, CHANNELS, width / 2] },
  ];
}

/** A kernel with a value outside the range of half precision stays in float32. */
function storedType(
  file: number,
  source: StoredFloats,
  dims: readonly number[],
  precision: Precision,
): WeightPlace['type'] {
  if (precision === 'full' || dims.length < 2) return 'float32';
  for (const piece of floatsOf(file, source))
    for (const value of piece) if (Math.abs(value) > LARGEST_HALF) return 'float32';
  return 'float16';
}

/** Plans the locations of the tensors; the header is padded so that they are aligned. */
function plan(tensors: readonly NamedTensor[], types: readonly WeightPlace['type'][], file: string) {
  const entries: Record<string, unknown> = {};
  const offsets: number[] = [];
  let end = 0;
  for (const [i, { name, source, dims }] of tensors.entries()) {
    const length = lengthOf(source, types[i] as WeightPlace['type']);
    offsets.push(end);
    entries[name] = { dtype: types[i] === 'float16' ? 'F16' : 'F32', shape: dims, data_offsets: [end, end + length] };
    end += length;
  }
  const json = JSON.stringify(entries);
  const padded = Buffer.from(json.padEnd(64 * Math.ceil((json.length + 8) / 64) - 8));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  const start = 8 + padded.length;
  const planned = new Map<string, Planned>();
  for (const [i, { name, source, dims }] of tensors.entries()) {
    const type = types[i] as WeightPlace['type'];
    const place = { file, type, dims, offset: start + (offsets[i] as number), length: lengthOf(source, type) };
    planned.set(name, { source, place });
  }
  return { header: Buffer.concat([size, padded]), planned };
}

function lengthOf({ count }: StoredFloats, type: WeightPlace['type']): number {
  return count * (type === 'float16' ? 2 : 4);
}

function places(planned: ReadonlyMap<string, Planned>): Map<string, WeightPlace> {
  return new Map([...planned].map(([name, { place }]) => [name, place]));
}

function bytesOf(piece: Float32Array, type: WeightPlace['type']): Uint8Array {
  if (type === 'float32') return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  const halves = new Uint16Array(piece.length);
  toHalves(piece, halves);
  return new Uint8Array(halves.buffer);
}

async function append(
  handle: FileHandle,
  hash: ReturnType<typeof createHash>,
  bytes: Uint8Array,
  at: number,
): Promise<number> {
  hash.update(bytes);
  let written = 0;
  while (written < bytes.length)
    written += (await handle.write(bytes, written, bytes.length - written, at + written)).bytesWritten;
  return at + written;
}
