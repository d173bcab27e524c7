/**
 * Serializes events, work and results: the length of a JSON text (u32, big-endian), the text, then the bytes of all
 * pictures, concatenated. Values that JSON cannot represent are objects in the text with a single name that begins with
 * `$`.
 */
import { endianness } from 'node:os';

const HEAD = 4;
const LITTLE = endianness() === 'LE';

/** Accepts plain data, byte arrays, float arrays, NaN and infinities. */
export function pack(value: unknown): Buffer {
  const pieces: Uint8Array[] = [];
  const add = (bytes: Uint8Array): number => {
    pieces.push(bytes);
    return bytes.byteLength;
  };
  const text = Buffer.from(JSON.stringify(outline(value, add)));
  const head = Buffer.alloc(HEAD);
  head.writeUInt32BE(text.length);
  return Buffer.concat([head, text, ...pieces]);
}

function outline(value: unknown, add: (bytes: Uint8Array) => number): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) };
  if (value instanceof Uint8Array) return { $bytes: add(value) };
  if (value instanceof Float32Array) return { $floats: add(inOrder(value)) };
  if (Array.isArray(value)) return value.map((item) => outline(item === undefined ? null : item, add));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [name, outline(field, add)] as const);
  const isOurs = fields.length === 1 && fields[0]?.[0].startsWith('$');
  return isOurs ? { $object: fields } : Object.fromEntries(fields);
}

/** Reverses `pack`. */
export function unpack(packed: Buffer): unknown {
  const length = packed.readUInt32BE(0);
  let at = HEAD + length;
  const take = (bytes: number): Buffer => {
    const piece = packed.subarray(at, at + bytes);
    at += bytes;
    return piece;
  };
  return filled(JSON.parse(packed.toString('utf8', HEAD, at)), take);
}

function filled(value: unknown, take: (bytes: number) => Buffer): unknown {
  if (Array.isArray(value)) return value.map((item) => filled(item, take));
  if (typeof value !== 'object' || value === null) return value;
  const [first, ...others] = Object.entries(value);
  if (first && others.length === 0) {
    const [name, field] = first;
    if (name === '$number') return Number(field);
    if (name === '$object') return Object.fromEntries(filled(field, take) as [string, unknown][]);
    if (name === '$bytes') return new Uint8Array(take(Number(field)));
    if (name === '$floats') return floatsOf(take(Number(field)));
  }
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, filled(field, take)]));
}

/** Floats are stored in little-endian order. */
function inOrder(floats: Float32Array): Uint8Array {
  const bytes = Buffer.from(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength));
  return LITTLE ? bytes : bytes.swap32();
}

function floatsOf(piece: Buffer): Float32Array {
  const bytes = new Uint8Array(piece);
  if (!LITTLE) Buffer.from(bytes.buffer).swap32();
  return new Float32Array(bytes.buffer);
}
