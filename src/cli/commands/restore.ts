/** `kandid upscale`, `colorize` and `denoise`: restore a degraded picture with a guide. */
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
    summary: 'enlarge a small picture',
    description:
      'Finds pictures that, scaled down, look like the small one. A picture that is not square, or not smaller than those of the model, is enlarged in overlapping squares.',
  },
  colorize: {
    name: 'colorize <picture>',
    guide: 'colorize',
    summary: 'add colours to a gray picture',
    description: 'Finds pictures with the brightness of the gray one.',
  },
  denoise: {
    name: 'denoise <picture>',
    guide: 'denoise',
    summary: 'remove noise from a picture',
    description: 'Finds clean pictures that match a noisy one.',
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
