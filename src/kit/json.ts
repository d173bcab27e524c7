/** JSON from untrusted sources: size and structure are checked on the bytes, before anything is built. */

export interface JsonLimits {
  /** Largest size of the text, except pictures (`json-pictures.ts`). */
  readonly bytes: number;
  /** Largest nesting depth of objects and lists. */
  readonly depth: number;
  /** Largest number of values: objects, lists, texts (including field names), numbers and so on. */
  readonly values: number;
  /** Largest number of fields of all objects. */
  readonly keys: number;
}

/** Limits of a request: its largest lists are 256 codes of 256 numbers each. */
export const REQUEST_JSON: JsonLimits = { bytes: 2 ** 20, depth: 32, values: 100_000, keys: 2000 };

/** Why JSON is refused: a phrase to follow "The body:". */
export class JsonProblem extends Error {
  override readonly name = 'JsonProblem';
}

/** @throws {JsonProblem} */
export function parseJson(json: string | Uint8Array, limits: JsonLimits): unknown {
  if (json.length > limits.bytes) throw tooLong(limits);
  const bytes = typeof json === 'string' ? new TextEncoder().encode(json) : json;
  scanJson(bytes, limits);
  return parseText(bytes, typeof json === 'string' ? json : null);
}

/** A long text, with its quotes at `start` and `end`. */
export interface LongText {
  readonly start: number;
  readonly end: number;
}

/**
 * Checks the limits in one pass without building anything; invalid JSON is left for the parser to report.
 *
 * @param longest texts of more bytes than this do not count as text but are returned; except field names, and texts
 * that contain quotes. @default no limit
 * @throws {JsonProblem}
 */
export function scanJson(bytes: Uint8Array, limits: JsonLimits, longest = Number.POSITIVE_INFINITY): LongText[] {
  const found: LongText[] = [];
  let [depth, values, keys, aside] = [0, 0, 0, 0];
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      const start = at;
      at = endOfText(bytes, start, start + Math.max(longest, limits.bytes) + 1);
      if (at - start - 1 > longest && isLongText(bytes, start, at)) {
        found.push({ start, end: at });
        aside += at - start;
      }
      values += 1;
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      values += 1;
      depth += 1;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth -= 1;
    else if (byte === COLON) keys += 1;
    else if (byte > SPACE && byte !== COMMA) {
      at = endOfWord(bytes, at, at + limits.bytes);
      values += 1;
    }
    if (at - aside >= limits.bytes) throw tooLong(limits);
    if (depth > limits.depth)
      throw new JsonProblem(`it has more than ${limits.depth} objects and lists inside one another`);
    if (values > limits.values) throw new JsonProblem(`it has more than ${limits.values} values`);
    if (keys > limits.keys) throw new JsonProblem(`it has more than ${limits.keys} fields`);
  }
  return found;
}

/** @param text the decoded bytes, if available. @throws {JsonProblem} */
export function parseText(bytes: Uint8Array, text: string | null = null): unknown {
  try {
    return JSON.parse(text ?? new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new JsonProblem(`it is not JSON (${reason.slice(0, 200)})`, { cause });
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Position of the closing quote, or the end of the bytes. */
function endOfText(bytes: Uint8Array, start: number, farthest: number): number {
  const first = bytes.indexOf(QUOTE, start + 1);
  if (first < 0) return bytes.length;
  if (bytes[first - 1] !== BACKSLASH) return first;
  // Escaped, or after an escaped backslash: continue byte by byte, because there may be many quotes.
  let at = start + 1;
  while (at < bytes.length && at < farthest && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

function isLongText(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[end] !== QUOTE || bytes.indexOf(QUOTE, start + 1) !== end) return false;
  let next = end + 1;
  while (next < bytes.length && (bytes[next] as number) <= SPACE) next++;
  return bytes[next] !== COLON;
}

/** Position of the last byte of a number, true, false or null. */
function endOfWord(bytes: Uint8Array, start: number, farthest: number): number {
  let at = start;
  while (at + 1 < bytes.length && at < farthest && !endsWord(bytes[at + 1] as number)) at++;
  return at;
}

function endsWord(byte: number): boolean {
  if (byte <= SPACE || byte === QUOTE || byte === COMMA || byte === COLON) return true;
  return byte === OPEN_LIST || byte === CLOSE_LIST || byte === OPEN_OBJECT || byte === CLOSE_OBJECT;
}

function tooLong({ bytes }: JsonLimits): JsonProblem {
  return new JsonProblem(`it has more than ${bytes} bytes of text`);
}
