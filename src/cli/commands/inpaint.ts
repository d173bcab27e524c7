/** `kandid inpaint photo.png --mask mask.png` */
import type { Command } from 'commander';
import { KandidError } from '../../errors.ts';
import { hasTransparency } from '../../pictures/codec.ts';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';
import { addWholeOptions, type WholeFlags } from '../options.ts';
import { addProduceOptions, type ProduceFlags, produce } from '../produce.ts';
import { decimal } from '../values.ts';
import { textGuides } from './generate.ts';

interface Flags extends ProduceFlags, WholeFlags {
  readonly mask?: string;
  readonly invert?: boolean;
  readonly prompt?: string;
  readonly feather?: number;
}

function noMask(): KandidError {
  const expected = 'a file, white where the picture is repainted: it has no transparent parts';
  return new KandidError('option_invalid', { option: '--mask', got: 'left out', expected });
}

export function addInpaint(program: Command, io: Io): void {
  const command = program
    .command('inpaint <picture>')
    .summary('repaint the unknown part of a picture')
    .description(
      'Keeps the known part of a picture (a file, or - for standard input) and generates the rest. The picture keeps its size and shape.',
    )
    .option('--mask <file>', 'white is repainted (default: transparent parts)')
    .option('--invert', 'black is repainted')
    .option('-p, --prompt <text>', 'what the new part should show')
    .option('--feather <px>', 'width of the blend into the picture; 0: a hard edge', decimal('--feather', 0, 1024));
  addWholeOptions(command, 'the repainted one');
  addProduceOptions(command).action(async (path: string, { mask, invert, prompt, ...given }: Flags) => {
    const { whole, window, feather, ...flags } = given;
    const image = await readInput(path, io);
    if (mask === undefined && !(await hasTransparency(image))) throw noMask();
    const params = {
      image,
      ...(mask === undefined ? {} : { mask: await readInput(mask, io) }),
      ...(invert ? { invert } : {}),
    };
    await produce(flags, io, {
      guides: [{ name: 'inpaint', params }, ...textGuides(prompt, flags)],
      ...(whole ? { whole: { window, feather } } : {}),
    });
  });
}
