/** Parses requests with pictures as base64: megabytes of text that no JSON parser needs to process. */
import { randomUUID } from 'node:crypto';
import { setImmediate as others } from 'node:timers/promises';
import { type JsonLimits, JsonProblem, type LongText, parseText, scanJson } from './json.ts';

/** Bytes; longer texts must be pictures. */
export const LONGEST_TEXT = 64 * 1024;

/** Characters decoded at a time, so that other work gets its turn. */
const TURN = 2 ** 19;

const DATA_URL = /^data:[\w.+-]+\/[\w.+-]+(?:;[\w=.+-]+)*;base64,/i;
/** Longest prefix of a data URL, in characters. */
const MAX_HEAD = 200;

/**
 * Parses JSON; texts of more than `LONGEST_TEXT` bytes are decoded from base64 and returned as bytes, and do not count
 * against the limits. Never blocks the event loop for long, whatever the size.
 *
 * @throws {JsonProblem}
 */
export async function parseJsonWithPictures(bytes: Buffer, limits: JsonLimits): Promise<unknown> {
  const long = scanJson(bytes, limits, LONGEST_TEXT);
  if (long.length === 0) return parseText(bytes);
  // Unguessable, so that it cannot occur elsewhere.
  const mark = randomUUID();
  const value = parseText(withoutLong(bytes, long, mark));
  const pictures = new Map<string, Uint8Array>();
  for (const [i, { start, end }] of long.entries())
    pictures.set(`${mark} ${i}`, await decoded(bytes.subarray(start + 1, end)));
  return restored(value, pictures);
}

function withoutLong(bytes: Buffer, long: readonly LongText[], mark: string): Buffer {
  const parts = long.flatMap(({ start }, i) => {
    const from = i === 0 ? 0 : (long[i - 1] as LongText).end + 1;
    return [bytes.subarray(from, start), Buffer.from(`"${mark} ${i}"`)];
  });
  return Buffer.concat([...parts, bytes.subarray((long.at(-1) as LongText).end + 1)]);
}

/** @throws {JsonProblem} if it is not base64 */
async function decoded(text: Buffer): Promise<Uint8Array> {
  const head = DATA_URL.exec(text.toString('latin1', 0, MAX_HEAD))?.[0].length ?? 0;
  const bytes = new Uint8Array(bytesIn(text.length - head, text.toString('latin1', text.length - 2)));
  let length = 0;
  let rest = '';
  for (let at = head; at < text.length; at += TURN) {
    const part = rest + withoutSpace(text.toString('latin1', at, at + TURN));
    const used = at + TURN < text.length ? part.length - (part.length % 4) : part.length;
    length += decodePart(part.slice(0, used), bytes.subarray(length), text.length);
    rest = part.slice(used);
    await others();
  }
  return length === bytes.length ? bytes : bytes.slice(0, length);
}

/** Line breaks in base64 appear in JSON as \n or \r\n. */
function withoutSpace(part: string): string {
  return /[\\\s]/.test(part) ? part.replace(/\\[nrt]|\s/g, '') : part;
}

function decodePart(part: string, into: Uint8Array, whole: number): number {
  const bytes = Buffer.from(part, 'base64');
  // The decoder skips invalid characters, which results in fewer bytes.
  if (bytes.length === bytesIn(part.length, part.slice(-2))) {
    into.set(bytes);
    return bytes.length;
  }
  throw new JsonProblem(
    `a text of ${whole} bytes is no picture: expected its bytes as base64, or a data URL; other texts have at most ${LONGEST_TEXT} bytes`,
  );
}

/** @param end the last two characters */
function bytesIn(characters: number, end: string): number {
  const padding = end === '==' ? 2 : end.endsWith('=') ? 1 : 0;
  return Math.floor(((characters - padding) * 3) / 4);
}

function restored(value: unknown, pictures: ReadonlyMap<string, Uint8Array>): unknown {
  if (typeof value === 'string') return pictures.get(value) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => restored(item, pictures));
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, restored(field, pictures)]));
}
