/** `kandid decode` and `kandid cross`: pictures of given codes. */
import type { Command } from 'commander';
import { codeToString, crossCodes } from '../../contract/codes.ts';
import { KandidError } from '../../errors.ts';
import type { Kandid } from '../../index.ts';
import { enlarged } from '../../pictures/mosaic.ts';
import { codeOf, levelCount } from '../codes.ts';
import { type Destination, destinationFor } from '../destination.ts';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';
import { addEngineOptions, type EngineFlags, type OutputFlags, withKandid } from '../options.ts';
import { performTask } from '../task.ts';
import { whole } from '../values.ts';

interface Flags extends EngineFlags, OutputFlags {
  readonly condition?: string;
}

interface DecodeFlags extends Flags {
  readonly level?: number;
}

interface CrossFlags extends Flags {
  readonly at?: number[];
}

const HYPHEN = 'Put -- before a code that begins with a hyphen.';

export function addDecode(program: Command, io: Io): void {
  const command = program
    .command('decode <code...>')
    .summary('draw the picture of a code')
    .description(`Draws codes: code strings, JSON arrays, or - for standard input. ${HYPHEN}`)
    .option('--level <n>', 'draw the picture as of this level (from 0)', whole('--level', 0, 255));
  addDrawOptions(command).action(async (given: string[], flags: DecodeFlags) => {
    const destination = destinationFor(flags, given.length, 'kandid-decoded');
    await destination.prepare();
    await withKandid(flags, io, async (kandid) => {
      const codes = [];
      for (const one of given) codes.push(await codeOf(one, kandid, flags.model, io));
      await draw(codes, destination, kandid, flags, io);
    });
  });
}

export function addCross(program: Command, io: Io): void {
  const command = program
    .command('cross <first> <second>')
    .summary('join the codes of two pictures')
    .description(`The first levels of one code (or picture) and the rest of another. ${HYPHEN}`)
    .option('--at <n>', 'levels taken from the first; repeatable (half of them)', counts);
  addDrawOptions(command).action(async (first: string, second: string, flags: CrossFlags) => {
    const destination = destinationFor(flags, flags.at?.length ?? 1, 'kandid-crossed');
    await destination.prepare();
    await withKandid(flags, io, async (kandid) => {
      const { candidateCounts } = (await kandid.engine.models.open(flags.model)).network;
      const levels = candidateCounts.length;
      const a = await codeOf(first, kandid, flags.model, io);
      const b = await codeOf(second, kandid, flags.model, io);
      const places = flags.at ?? [Math.floor(levels / 2)];
      const codes = places.map((at) => crossCodes(a, b, levelCount('--at', at, 0, levels), candidateCounts));
      await draw(codes, destination, kandid, flags, io);
    });
  });
}

function addDrawOptions(command: Command): Command {
  return addEngineOptions(
    command
      .option('-o, --out <path>', 'picture (.png .webp .jpg .avif), folder, or - for standard output')
      .option('--grid', 'all pictures as one')
      .option('--enlarge <n>', 'make every pixel n × n', whole('--enlarge', 1, 64))
      .option('--condition <file>', 'picture that a conditional model starts from')
      .option('--json', 'print the result as JSON'),
  );
}

function counts(text: string, before: readonly number[] = []): number[] {
  return [...before, whole('--at', 0, 256)(text)];
}

async function draw(
  codes: readonly (readonly number[])[],
  destination: Destination,
  kandid: Kandid,
  flags: DecodeFlags,
  io: Io,
): Promise<void> {
  const { model, level, condition } = flags;
  const { task, outcome, provenances } = await performTask(
    kandid,
    { kind: 'decode', codes, model, level, condition: condition ? await readInput(condition, io) : undefined },
    io,
  );
  if (outcome.type === 'cancelled') throw new KandidError('cancelled', { when: 'on request' });
  const { network, bundle } = task.model;
  const strings = codes.map((code) => codeToString(code, network.candidateCounts));
  const files = await destination.write(
    outcome.pictures.map((one) => enlarged(one.draw(), flags.enlarge ?? 1)),
    io,
    provenances,
  );
  if (flags.json) {
    const results = codes.map((code, i) => ({ file: files[i] ?? null, code, codeString: strings[i] }));
    io.out(JSON.stringify({ model: network.info.name, hash: bundle.hash, results }, null, 2));
    return;
  }
  for (const [i, file] of files.entries())
    if (file) io.out(`${i > 0 && file === files[i - 1] ? ' '.repeat(file.length) : file}  ${strings[i]}`);
}
