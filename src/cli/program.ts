/** The command line: registers the commands, and converts every failure to one line and an exit code. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../config.ts';
import { KandidError, toKandidError } from '../errors.ts';
import { addBench } from './commands/bench.ts';
import { addCross, addDecode } from './commands/decode.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEncode } from './commands/encode.ts';
import { addEvaluate } from './commands/evaluate.ts';
import { addGenerate } from './commands/generate.ts';
import { addGuides } from './commands/guides.ts';
import { addImport } from './commands/import.ts';
import { addInfo } from './commands/info.ts';
import { addInpaint } from './commands/inpaint.ts';
import { addMcp } from './commands/mcp.ts';
import { addModels } from './commands/models.ts';
import { addPull } from './commands/pull.ts';
import { addColorize, addDenoise, addUpscale } from './commands/restore.ts';
import { addServe } from './commands/serve.ts';
import { addStyle } from './commands/style.ts';
import { addTree } from './commands/tree.ts';
import { addVary } from './commands/vary.ts';
import { addWorker } from './commands/worker.ts';
import { addSetupCuda } from './cuda/setup-cuda.ts';
import { helpPage } from './help.ts';
import type { Io } from './io.ts';

/** In the order of the help page. */
const COMMANDS = [
  ...[addGenerate, addInpaint, addUpscale, addColorize, addDenoise, addStyle],
  ...[addEncode, addDecode, addVary, addCross, addTree, addInfo],
  ...[addServe, addWorker, addMcp, addModels, addPull, addImport, addGuides, addEvaluate, addBench, addDoctor],
  // Hidden: the page has no line left, and `doctor` names it to those who need it.
  addSetupCuda,
];

/**
 * Runs a command line (without `node` and the script) and returns the exit code: 0 success, 1 failure, 2 wrong usage.
 */
export async function runCommandLine(words: readonly string[], io: Io): Promise<0 | 1 | 2> {
  try {
    const program = buildProgram(io);
    if (words.length === 0) {
      io.err(helpPage(program).trimEnd());
      return 2;
    }
    await program.parseAsync([...words], { from: 'user' });
    return 0;
  } catch (thrown) {
    return failure(thrown, words, io);
  }
}

export function buildProgram(io: Io): Command {
  const program = new Command('kandid')
    .description('Turns any scoring function into an image generator.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      // `failure` prints errors in one line.
      writeErr: () => {},
    });
  for (const add of COMMANDS) add(program, io);
  for (const command of program.commands) command.copyInheritedSettings(program);
  program.configureHelp({
    formatHelp: (command, helper) => (command === program ? helpPage(program) : plainHelp(command, helper)),
  });
  return program;
}

function plainHelp(command: Command, helper: ReturnType<Command['createHelp']>): string {
  return Object.getPrototypeOf(helper).formatHelp.call(helper, command, helper);
}

function failure(thrown: unknown, words: readonly string[], io: Io): 0 | 1 | 2 {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return 0;
    io.err(usageLine(thrown, words));
    return 2;
  }
  const error = toKandidError(thrown);
  io.err(error.message);
  if (error.code === 'internal' && io.environment.KANDID_DEBUG && thrown instanceof Error) io.err(String(thrown.stack));
  return error instanceof KandidError ? error.exitCode : 1;
}

/** Rewrites Commander's message: what is wrong, what is expected, where to read more. */
function usageLine({ message, code }: CommanderError, words: readonly string[]): string {
  if (code === 'commander.excessArguments' && words[0] === 'generate') return quotesLine(words.slice(1));
  const plain = message
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim();
  const first = words.find((word) => !word.startsWith('-')) ?? '';
  const command = code === 'commander.unknownCommand' ? '' : ` ${first}`;
  const sentence = plain.charAt(0).toUpperCase() + plain.slice(1);
  const end = /[.?)!]$/.test(sentence) ? '' : '.';
  const code64 = /unknown option '(-[\w-]{5,})'/.test(plain) && /decode|cross|vary/.test(first);
  const hint = code64 ? ' If this is a code, put -- before it.' : '';
  return `${sentence}${end}${hint} See "kandid${command} --help".`;
}

/** The hint for a prompt of several words without quotes. */
function quotesLine(words: readonly string[]): string {
  const option = words.findIndex((word) => word.startsWith('-'));
  const prompt = (option < 0 ? words : words.slice(0, option)).join(' ');
  return `Put the words in quotes: kandid generate "${prompt.slice(0, 100) || 'a woman with red hair'}".`;
}
