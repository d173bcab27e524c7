/** JSON with pictures, written in pieces: no response is ever one huge string. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Bytes that are serialized as base64. */
export class Base64 {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Bytes converted at a time: a multiple of three, so that the base64 pieces can be concatenated. */
const CHUNK = 3 * 16 * 1024;

/** Serializes a value as JSON, in pieces; it may contain `Base64` anywhere. */
export function* jsonPieces(value: unknown): Generator<string, void, undefined> {
  const mark = randomUUID();
  const pictures: Uint8Array[] = [];
  const text = JSON.stringify(value, (_, one: unknown) => {
    if (!(one instanceof Base64)) return one;
    pictures.push(one.bytes);
    return mark;
  });
  const [first = '', ...rest] = text.split(mark);
  yield first;
  for (const [i, after] of rest.entries()) {
    yield* base64Pieces(pictures[i] as Uint8Array);
    yield after;
  }
}

function* base64Pieces(bytes: Uint8Array): Generator<string, void, undefined> {
  for (let from = 0; from < bytes.length; from += CHUNK) {
    const length = Math.min(CHUNK, bytes.length - from);
    yield Buffer.from(bytes.buffer, bytes.byteOffset + from, length).toString('base64');
  }
}

/** Writes texts as fast as the reader takes them; stops early if the reader disconnects. */
export async function writePieces(to: Writable, pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    if (to.destroyed) return;
    if (to.write(piece)) continue;
    const left = new AbortController();
    const leave = () => left.abort();
    to.once('close', leave);
    await once(to, 'drain', { signal: left.signal }).catch(() => {});
    to.off('close', leave);
  }
}
