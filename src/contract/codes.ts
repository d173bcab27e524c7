/** Converts codes to text and back: base64url without padding, ⌈log₂ K⌉ bits per level, level 0 first, big-endian. */
import { KandidError } from '../errors.ts';
import { parseJson } from '../kit/json.ts';

/** Limits for a list of numbers: far more than any model has levels. */
const CODE_JSON = { bytes: 16 * 1024, depth: 1, values: 4096, keys: 0 };

/** A picture as its choices: one integer per level, 0 … K − 1. */
export type Code = readonly number[];

/** Bits of a choice among `count` candidates. */
export function bitsOf(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1);
}

/** The code string of a complete code. @param counts number of candidates of each level (K) */
export function codeToString(code: Code, counts: readonly number[]): string {
  checkCode(code, counts);
  const bytes = new Uint8Array(Math.ceil(counts.reduce((bits, count) => bits + bitsOf(count), 0) / 8));
  let at = 0;
  for (const [level, choice] of code.entries()) {
    for (let bit = bitsOf(counts[level] as number) - 1; bit >= 0; bit--, at++) {
      if ((choice >>> bit) & 1) bytes[at >> 3] = (bytes[at >> 3] as number) | (0x80 >> (at & 7));
    }
  }
  return Buffer.from(bytes).toString('base64url');
}

/**
 * Parses a code string.
 *
 * @throws {KandidError} code_invalid: wrong alphabet or length, a choice that does not exist, or nonzero padding bits
 */
export function codeFromString(text: string, counts: readonly number[]): number[] {
  const bits = counts.reduce((sum, count) => sum + bitsOf(count), 0);
  const length = Math.ceil((Math.ceil(bits / 8) * 4) / 3);
  const expected = `${length} characters A–Z, a–z, 0–9, - and _`;
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw invalid(text, 'has other characters', expected);
  if (text.length !== length) throw invalid(text, `has ${text.length} characters`, expected);
  const bytes = Buffer.from(text, 'base64url');
  let at = 0;
  const take = (count: number) => {
    let value = 0;
    for (let i = 0; i < count; i++, at++) value = (value << 1) | (((bytes[at >> 3] as number) >> (7 - (at & 7))) & 1);
    return value;
  };
  const code = counts.map((count) => take(bitsOf(count)));
  if (bytes.toString('base64url') !== text || take(bytes.length * 8 - at) !== 0)
    throw invalid(text, 'has bits set behind its last level', 'zeros there');
  checkCode(code, counts, text);
  return code;
}

/** Parses a code in either form: a code string, or integers as an array or JSON text. */
export function parseCode(given: string | readonly number[], counts: readonly number[]): number[] {
  if (typeof given !== 'string') {
    checkCode(given, counts);
    return [...given];
  }
  const text = given.trim();
  if (!text.startsWith('[')) return codeFromString(text, counts);
  let parsed: unknown;
  try {
    parsed = parseJson(text, CODE_JSON);
  } catch {
    throw invalid(text, 'is not a list of numbers as JSON', expectedCode(counts));
  }
  checkCode(parsed as number[], counts, text);
  return parsed as number[];
}

/** The first `keep` levels of a code, for varying the rest. @throws {KandidError} option_invalid, code_invalid */
export function firstLevels(code: string | Code, keep: number, counts: readonly number[]): number[] {
  const whole = parseCode(code, counts);
  if (Number.isInteger(keep) && keep >= 0 && keep <= whole.length) return whole.slice(0, keep);
  const expected = `a whole number of levels, 0 … ${whole.length}`;
  throw new KandidError('option_invalid', { option: 'keep', got: String(keep), expected });
}

/** The first `at` levels of one code and the rest of another. @throws {KandidError} option_invalid, code_invalid */
export function crossCodes(a: Code, b: Code, at: number, counts: readonly number[]): number[] {
  checkCode(a, counts);
  checkCode(b, counts);
  if (!(Number.isInteger(at) && at >= 0 && at <= counts.length)) {
    const expected = `a whole number of levels, 0 … ${counts.length}`;
    throw new KandidError('option_invalid', { option: 'at', got: String(at), expected });
  }
  return [...a.slice(0, at), ...b.slice(at)];
}

/** Checks a complete code. @throws {KandidError} code_invalid */
export function checkCode(code: Code, counts: readonly number[], shown: string = JSON.stringify(code)): void {
  if (!Array.isArray(code) || code.length !== counts.length) {
    const problem = Array.isArray(code) ? `has ${code.length} levels` : 'is no list';
    throw invalid(shown, problem, expectedCode(counts));
  }
  checkPrefix(code, counts, shown);
}

/** Checks the first levels of a code, up to all. @throws {KandidError} code_invalid */
export function checkPrefix(code: Code, counts: readonly number[], shown: string = JSON.stringify(code)): void {
  if (code.length > counts.length) throw invalid(shown, `has ${code.length} levels`, `at most ${counts.length} levels`);
  for (const [level, choice] of code.entries()) {
    const count = counts[level] as number;
    if (!(Number.isInteger(choice) && choice >= 0 && choice < count))
      throw invalid(shown, `level ${level} is ${choice}`, `a whole number from 0 to ${count - 1} there`);
  }
}

function expectedCode(counts: readonly number[]): string {
  return `a code string, or ${counts.length} whole numbers, one per level`;
}

function invalid(code: string, problem: string, expected: string): KandidError {
  return new KandidError('code_invalid', { code: code.slice(0, 200), problem, expected });
}
