/**
 * Reads named tensors from a safetensors file: an 8-byte length, that many bytes of JSON `{name: {dtype, shape,
 * data_offsets}}`, then the data (format of huggingface/safetensors, little-endian).
 */
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { KandidError, reasonOf } from '../errors.ts';
import { halfToNumber } from '../kit/half.ts';
import { parseJson } from '../kit/json.ts';

/** Suffix of the tensor with the scales of an I8 tensor, [out, 1, …]: scripts/export/precision.py. */
const SCALE = '.scale';

const LARGEST_HEADER = 16 * 2 ** 20;
const HEADER_JSON = { bytes: LARGEST_HEADER, depth: 4, values: 1_000_000, keys: 300_000 };

export interface StoredTensor {
  /** Float32, whatever the stored type. */
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
type Entry = z.output<typeof entrySchema>;

/**
 * Reads some tensors (F32, F16, or I8 with scales) without reading the others.
 *
 * @throws {KandidError} bundle_invalid, file_unreadable
 */
export async function readTensors(
  path: string,
  names: readonly string[],
  bundle: string,
): Promise<Map<string, StoredTensor>> {
  const file = basename(path);
  const refuse = (problem: string) => new KandidError('bundle_invalid', { bundle, file, problem });
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const { header, start } = await readHeader(handle, refuse);
    const tensors = new Map<string, StoredTensor>();
    const read = async (handle: FileHandle, name: string) => {
      const entry = entrySchema.safeParse(header[name]);
      if (!entry.success) throw refuse(`tensor "${name}" is missing or not described`);
      return { ...(await readTensor(handle, start, name, entry.data, refuse)), dtype: entry.data.dtype };
    };
    for (const name of names) {
      const { dtype, ...tensor } = await read(handle, name);
      if (dtype === 'I8')
        multiply(tensor, await read(handle, name + SCALE), () =>
          refuse(`the scales of tensor "${name}" do not fit it`),
        );
      tensors.set(name, tensor);
    }
    return tensors;
  } catch (cause) {
    if (cause instanceof KandidError) throw cause;
    throw new KandidError('file_unreadable', { file: path, reason: reasonOf(cause) }, { cause });
  } finally {
    await handle?.close();
  }
}

type Refuse = (problem: string) => KandidError;

async function readHeader(handle: FileHandle, refuse: Refuse) {
  const length = Number((await readBytes(handle, 0, 8, refuse)).readBigUInt64LE());
  if (length > LARGEST_HEADER) throw refuse(`its header claims ${length} bytes, expected at most ${LARGEST_HEADER}`);
  const bytes = await readBytes(handle, 8, length, refuse);
  try {
    return { header: z.record(z.string(), z.unknown()).parse(parseJson(bytes, HEADER_JSON)), start: 8 + length };
  } catch {
    throw refuse('its header is not JSON');
  }
}

async function readTensor(handle: FileHandle, start: number, name: string, entry: Entry, refuse: Refuse) {
  const { dtype, shape } = entry;
  const [from, to] = entry.data_offsets;
  const size = shape.reduce((product, dim) => product * dim, 1);
  const type = TYPES[dtype];
  if (!type) throw refuse(`tensor "${name}" is ${dtype}, expected F32, F16 or I8`);
  const { width } = type;
  if (to - from !== size * width) throw refuse(`tensor "${name}" has ${to - from} bytes, expected ${size * width}`);
  const bytes = await readBytes(handle, start + from, size * width, refuse);
  return { data: type.read(bytes), dims: shape };
}

/** Each scale applies to an equal number of consecutive values. */
function multiply({ data }: StoredTensor, { data: scales }: StoredTensor, misfit: () => KandidError): void {
  if (scales.length === 0 || data.length % scales.length !== 0) throw misfit();
  const each = data.length / scales.length;
  for (let i = 0; i < data.length; i++) data[i] = (data[i] as number) * (scales[Math.floor(i / each)] as number);
}

async function readBytes(handle: FileHandle, position: number, length: number, refuse: Refuse): Promise<Buffer> {
  const { size } = await handle.stat();
  if (position + length > size) throw refuse(`it ends at byte ${size}, expected at least ${position + length}`);
  const bytes = Buffer.alloc(length);
  await handle.read(bytes, 0, length, position);
  return bytes;
}

const TYPES: Readonly<Record<string, { readonly width: number; read(bytes: Buffer): Float32Array }>> = {
  F32: { width: 4, read: floats },
  F16: { width: 2, read: halves },
  I8: { width: 1, read: (bytes) => Float32Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)) },
};

function floats(bytes: Buffer): Float32Array {
  const data = new Float32Array(bytes.length / 4);
  for (let i = 0; i < data.length; i++) data[i] = bytes.readFloatLE(i * 4);
  return data;
}

function halves(bytes: Buffer): Float32Array {
  const data = new Float32Array(bytes.length / 2);
  for (let i = 0; i < data.length; i++) data[i] = halfToNumber(bytes.readUInt16LE(i * 2));
  return data;
}
