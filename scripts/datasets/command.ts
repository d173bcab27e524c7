/** Runs a data set command: help, errors, exit codes. */
import { toKandidError } from '../../src/errors.ts';

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
