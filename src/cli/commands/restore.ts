/** `kandid upscale`, `colorize` and `denoise`: restore a degraded picture by a guide. */
import type { Command } from 'commander';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';
import { addWholeOptions, type WholeFlags } from '../options.ts';
import { addProduceOptions, type ProduceFlags, produce } from '../produce.ts';
import { decimal } from '../values.ts';
import { textGuides } from './generate.ts';

interface Flags extends ProduceFlags, Partial<WholeFlags> {
  readonly prompt?: string;
  readonly sigma?: number;
}

interface Restoration {
  readonly name: string;
  readonly guide: string;
  readonly summary: string;
  readonly description: string;
}

const RESTORATIONS = {
  upscale: {
    name: 'upscale <picture>',
    guide: 'super_resolution',
    summary: 'a sharp picture from a small one',
    description:
      'Finds pictures that, shrunk, look like the small one. A picture that is not square, or no smaller than those of the model, is enlarged in overlapping squares.',
  },
  colorize: {
    name: 'colorize <picture>',
    guide: 'colorize',
    summary: 'colours for a gray picture',
    description: 'Finds pictures whose brightness is that of the gray one.',
  },
  denoise: {
    name: 'denoise <picture>',
    guide: 'denoise',
    summary: 'a clean picture from a noisy one',
    description: 'Finds the picture behind the noise.',
  },
} as const satisfies Record<string, Restoration>;

export function addUpscale(program: Command, io: Io): void {
  addWholeOptions(addRestoration(program, io, RESTORATIONS.upscale), 'the whole enlarged one');
}

export function addColorize(program: Command, io: Io): void {
  addRestoration(program, io, RESTORATIONS.colorize);
}

export function addDenoise(program: Command, io: Io): void {
  addRestoration(program, io, RESTORATIONS.denoise).option(
    '--sigma <s>',
    'standard deviation of the noise, where black is -1 and white 1 (.53)',
    decimal('--sigma', 0, 4),
  );
}

function addRestoration(program: Command, io: Io, { name, guide, summary, description }: Restoration): Command {
  const command = program
    .command(name)
    .summary(summary)
    .description(`${description} The picture is a file, or - for standard input.`)
    .option('-p, --prompt <text>', 'what the picture should show');
  return addProduceOptions(command).action(async (path: string, { prompt, sigma, whole, window, ...flags }: Flags) => {
    const params = { image: await readInput(path, io), ...(sigma === undefined ? {} : { sigma }) };
    await produce(flags, io, {
      guides: [{ name: guide, params }, ...textGuides(prompt, flags)],
      ...(whole ? { whole: { window } } : {}),
    });
  });
}
