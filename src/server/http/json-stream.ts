/** JSON whose pictures are sent piece by piece: no answer is ever one huge text. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Bytes that stand in JSON as base64. */
export class Base64 {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Bytes turned into text at once: a multiple of three, so that the texts follow one another. */
const CHUNK = 3 * 16 * 1024;

/** A value as JSON, in pieces; `Base64` may stand in it anywhere. */
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

/** Writes texts as fast as the reader takes them; ends early where the reader has left. */
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
