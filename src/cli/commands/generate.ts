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
    .summary('generate pictures from words or any --guide')
    .description(
      'Generates pictures that match the prompt (guide "text") and every --guide; random pictures without either.',
    )
    .option('--negative <text>', 'what the pictures should not show (repeatable)', several);
  addProduceOptions(command).action((prompt: string | undefined, flags: Flags) =>
    produce(flags, io, { guides: textGuides(prompt, flags) }),
  );
}

/** The `text` guide for a prompt; none without a prompt. */
export function textGuides(prompt: string | undefined, { negative, clip }: Pick<Flags, 'negative' | 'clip'> = {}) {
  if (prompt === undefined) return [];
  const params = { prompt, ...(negative ? { negative } : {}), ...(clip === undefined ? {} : { model: clip }) };
  return [{ name: 'text', params }];
}
