/** Requests whose pictures stand in them as base64: megabytes of text that no parser needs to look at. */
import { randomUUID } from 'node:crypto';
import { setImmediate as others } from 'node:timers/promises';
import { type JsonLimits, JsonProblem, type LongText, parseText, scanJson } from './json.ts';

/** Longer texts are pictures. */
export const LONGEST_TEXT = 64 * 1024;

/** Characters that are decoded at once; then others have their turn. */
const TURN = 2 ** 19;

const DATA_URL = /^data:[\w.+-]+\/[\w.+-]+(?:;[\w=.+-]+)*;base64,/i;
/** Longest beginning of a data URL. */
const MAX_HEAD = 200;

/**
 * The value, its texts of more than `LONGEST_TEXT` bytes as the bytes that they are in base64. What counts against the
 * limits is the rest. Nothing here holds the event loop for long, however large it is.
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

/** @throws {JsonProblem} it is no base64 */
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

/** Lines of base64 are broken by what JSON writes as \n or \r\n. */
function withoutSpace(part: string): string {
  return /[\\\s]/.test(part) ? part.replace(/\\[nrt]|\s/g, '') : part;
}

function decodePart(part: string, into: Uint8Array, whole: number): number {
  const bytes = Buffer.from(part, 'base64');
  // Other characters are skipped by the decoder: there are fewer bytes then.
  if (bytes.length === bytesIn(part.length, part.slice(-2))) {
    into.set(bytes);
    return bytes.length;
  }
  throw new JsonProblem(
    `a text of ${whole} bytes is no picture: expected its bytes as base64, or a data URL; other texts have at most ${LONGEST_TEXT} bytes`,
  );
}

/** @param end the last two of the characters */
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
