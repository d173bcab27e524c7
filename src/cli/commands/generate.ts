/** `kandid generate "a woman with red hair"` */
import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { addProduceOptions, type ProduceFlags, produce } from '../produce.ts';
import { several } from '../values.ts';

interface Flags extends ProduceFlags {
  readonly negative?: string[];
}

export function addGenerate(program: Command, io: Io): void {
  const command = program
    .command('generate [prompt]')
    .summary('pictures from words, or from any --guide')
    .description(
      'Makes pictures that agree with the prompt (guide "text") and with every --guide; with neither, pictures at random.',
    )
    .option('--negative <text>', 'what the pictures should not show (repeatable)', several);
  addProduceOptions(command).action((prompt: string | undefined, flags: Flags) =>
    produce(flags, io, { guides: textGuides(prompt, flags) }),
  );
}

/** The `text` guide for a prompt; none without words. */
export function textGuides(prompt: string | undefined, { negative, clip }: Pick<Flags, 'negative' | 'clip'> = {}) {
  if (prompt === undefined) return [];
  const params = { prompt, ...(negative ? { negative } : {}), ...(clip === undefined ? {} : { model: clip }) };
  return [{ name: 'text', params }];
}
