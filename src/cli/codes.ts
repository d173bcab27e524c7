/** Codes as arguments: a code string, a compact code, a JSON array, a picture to encode, or `-` for any of these on standard input. */
import { existsSync } from 'node:fs';
import { parseCode } from '../contract/codes.ts';
import { isCompact } from '../engine/tasks/compact.ts';
import { KandidError } from '../errors.ts';
import type { Kandid } from '../index.ts';
import { readInput } from './files.ts';
import type { Io } from './io.ts';

/**
 * The code given by an argument; with `partial` (for `vary`), an array may contain the first levels only.
 *
 * @throws {KandidError} code_invalid, file_unreadable, picture_*, model_*
 */
export async function codeOf(
  argument: string,
  kandid: Kandid,
  model: string | undefined,
  io: Io,
  { partial = false } = {},
): Promise<number[]> {
  const { candidateCounts } = (await kandid.engine.models.open(model)).network;
  const given = argument === '-' || existsSync(argument) ? await readInput(argument, io) : null;
  const text = given === null ? argument : textOf(given);
  if (text !== null && isCompact(text)) return await kandid.expandCode(text, { model });
  if (text?.startsWith('[') && partial) return parsePrefix(text, candidateCounts);
  if (given === null || text !== null) return parseCode(text ?? '', candidateCounts);
  const options = { ...(model === undefined ? {} : { model }), signal: io.signal };
  const { code, notes } = await kandid.encode(given, options);
  for (const note of notes) io.err(note);
  return code;
}

function parsePrefix(text: string, candidateCounts: readonly number[]): number[] {
  const levels = text.split(',').length;
  return levels < candidateCounts.length
    ? parseCode(text, candidateCounts.slice(0, levels))
    : parseCode(text, candidateCounts);
}

/** The input as text; null if it is the bytes of a picture. */
function textOf(bytes: Uint8Array): string | null {
  if (bytes.length > 100_000) return null;
  const text = Buffer.from(bytes).toString('utf8').trim();
  return /^[\x20-\x7e\s]+$/.test(text) ? text : null;
}

/** Checks a number of levels against the model's. @throws {KandidError} option_invalid */
export function levelCount(option: string, given: number | undefined, standard: number, levels: number): number {
  const count = given ?? standard;
  if (count <= levels) return count;
  throw new KandidError('option_invalid', {
    option,
    got: count,
    expected: `at most ${levels}, the levels of the model`,
  });
}
