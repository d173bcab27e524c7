/** Codes as text and back: base64url without padding, ⌈log₂ K⌉ bits per level, level 0 first, big-endian. */
import { KandidError } from '../errors.ts';

/** A picture as its choices: one integer per level, 0 … K − 1. */
export type Code = readonly number[];

/** Bits that a choice among so many candidates takes. */
export function bitsOf(candidates: number): number {
  return candidates <= 1 ? 0 : 32 - Math.clz32(candidates - 1);
}

/** The code string of a whole code. `candidates` are the K of each level. */
export function codeToString(code: Code, candidates: readonly number[]): string {
  checkCode(code, candidates);
  const bytes = new Uint8Array(Math.ceil(candidates.reduce((bits, count) => bits + bitsOf(count), 0) / 8));
  let at = 0;
  for (const [level, choice] of code.entries()) {
    for (let bit = bitsOf(candidates[level] as number) - 1; bit >= 0; bit--, at++) {
      if ((choice >>> bit) & 1) bytes[at >> 3] = (bytes[at >> 3] as number) | (0x80 >> (at & 7));
    }
  }
  return Buffer.from(bytes).toString('base64url');
}

/**
 * The code that a code string stands for.
 *
 * @throws {KandidError} code_invalid: another alphabet or length, a choice that does not exist, bits left over that are not 0
 */
export function codeFromString(text: string, candidates: readonly number[]): number[] {
  const bits = candidates.reduce((sum, count) => sum + bitsOf(count), 0);
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
  const code = candidates.map((count) => take(bitsOf(count)));
  if (bytes.toString('base64url') !== text || take(bytes.length * 8 - at) !== 0)
    throw invalid(text, 'has bits set behind its last level', 'zeros there');
  checkCode(code, candidates, text);
  return code;
}

/** A code given in either form: a code string, or the integers, as an array or as JSON text. */
export function parseCode(given: string | readonly number[], candidates: readonly number[]): number[] {
  if (typeof given !== 'string') {
    checkCode(given, candidates);
    return [...given];
  }
  const text = given.trim();
  if (!text.startsWith('[')) return codeFromString(text, candidates);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalid(text, 'is not complete JSON', expectedCode(candidates));
  }
  checkCode(parsed as number[], candidates, text);
  return parsed as number[];
}

/** The first `at` levels of one code and the rest of another. @throws {KandidError} option_invalid, code_invalid */
export function crossCodes(a: Code, b: Code, at: number, candidates: readonly number[]): number[] {
  checkCode(a, candidates);
  checkCode(b, candidates);
  if (!(Number.isInteger(at) && at >= 0 && at <= candidates.length)) {
    const expected = `a whole number of levels, 0 … ${candidates.length}`;
    throw new KandidError('option_invalid', { option: 'at', got: String(at), expected });
  }
  return [...a.slice(0, at), ...b.slice(at)];
}

/** Checks a whole code. @throws {KandidError} code_invalid */
export function checkCode(code: Code, candidates: readonly number[], shown: string = JSON.stringify(code)): void {
  if (!Array.isArray(code) || code.length !== candidates.length) {
    const problem = Array.isArray(code) ? `has ${code.length} levels` : 'is no list';
    throw invalid(shown, problem, expectedCode(candidates));
  }
  checkPrefix(code, candidates, shown);
}

/** Checks the first levels of a code, at most all. @throws {KandidError} code_invalid */
export function checkPrefix(code: Code, candidates: readonly number[], shown: string = JSON.stringify(code)): void {
  if (code.length > candidates.length)
    throw invalid(shown, `has ${code.length} levels`, `at most ${candidates.length} levels`);
  for (const [level, choice] of code.entries()) {
    const count = candidates[level] as number;
    if (!(Number.isInteger(choice) && choice >= 0 && choice < count))
      throw invalid(shown, `level ${level} is ${choice}`, `a whole number from 0 to ${count - 1} there`);
  }
}

function expectedCode(candidates: readonly number[]): string {
  return `a code string, or ${candidates.length} whole numbers, one per level`;
}

function invalid(code: string, problem: string, expected: string): KandidError {
  return new KandidError('code_invalid', { code: code.slice(0, 200), problem, expected });
}
