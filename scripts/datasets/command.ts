/** Runs a data set command: help, errors, exit codes. */
import { KandidError, toKandidError } from '../../src/errors.ts';

/** Prints `help` if it is asked for, else runs `work`; exit code 1 for a failure, 2 for wrong usage. */
export async function runCommand(help: string, work: () => Promise<void>): Promise<void> {
  if (process.argv.slice(2).some((argument) => argument === '--help' || argument === '-h')) {
    console.log(help);
    return;
  }
  try {
    await work();
  } catch (thrown) {
    const isUsage = thrown instanceof Error && 'code' in thrown && String(thrown.code).startsWith('ERR_PARSE_ARGS');
    const error = toKandidError(thrown);
    console.error(isUsage ? `${(thrown as Error).message}\n\n${help}` : error.message);
    process.exitCode = isUsage ? 2 : error.exitCode;
  }
}

/** The only argument of a command that takes one. @throws {KandidError} option_invalid */
export function onlyArgument(name: string, positionals: readonly string[], expected: string): string {
  const [argument] = positionals;
  if (argument !== undefined && positionals.length === 1) return argument;
  throw new KandidError('option_invalid', { option: name, got: positionals.join(' ') || 'missing', expected });
}

/** A whole number within bounds. @throws {KandidError} option_invalid */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  const expected = `a whole number from ${least} to ${most}`;
  throw new KandidError('option_invalid', { option, got: `"${text}"`, expected });
}
