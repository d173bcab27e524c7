/** `kandid vary CODE --keep 20` */
import type { Command } from 'commander';
import { codeOf, levelCount } from '../codes.ts';
import type { Io } from '../io.ts';
import { addProduceOptions, type ProduceFlags, produce } from '../produce.ts';
import { whole } from '../values.ts';
import { textGuides } from './generate.ts';

interface Flags extends ProduceFlags {
  readonly keep?: number;
  readonly prompt?: string;
}

export function addVary(program: Command, io: Io): void {
  const command = program
    .command('vary <code>')
    .summary('keep the first levels of a picture, regenerate the rest')
    .description(
      'Keeps the first levels of a code (or of a picture, which is encoded first) and regenerates the rest; continues from [1,2,3], the first levels of a request that was stopped. Put -- before a code that begins with a hyphen.',
    )
    .option('--keep <n>', 'levels kept (default: half; all of an incomplete code)', whole('--keep', 0, 256))
    .option('-p, --prompt <text>', 'what the new part should show');
  addProduceOptions(command).action((given: string, { keep, prompt, ...flags }: Flags) =>
    produce(flags, io, async (kandid) => {
      const code = await codeOf(given, kandid, flags.model, io, { partial: true });
      const { candidateCounts } = (await kandid.engine.models.open(flags.model)).network;
      const isWhole = code.length === candidateCounts.length;
      const kept = levelCount('--keep', keep, isWhole ? Math.floor(code.length / 2) : code.length, code.length);
      return { guides: textGuides(prompt, flags), prefix: [code.slice(0, kept)] };
    }),
  );
}
