/** `kandid inpaint photo.png --mask mask.png` */
import type { Command } from 'commander';
import { KandidError } from '../../errors.ts';
import { hasTransparency } from '../../pictures/codec.ts';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';
import { addProduceOptions, type ProduceFlags, produce } from '../produce.ts';
import { textGuides } from './generate.ts';

interface Flags extends ProduceFlags {
  readonly mask?: string;
  readonly invert?: boolean;
  readonly prompt?: string;
}

function noMask(): KandidError {
  const expected = 'a file, white where it is to be repainted: the picture is transparent nowhere';
  return new KandidError('option_invalid', { option: '--mask', got: 'left out', expected });
}

export function addInpaint(program: Command, io: Io): void {
  const command = program
    .command('inpaint <picture>')
    .summary('repaint the unknown part of a picture')
    .description('Keeps the known part of a picture (a file, or - for standard input) and finds the rest.')
    .option('--mask <file>', 'white is repainted; left out: what is transparent')
    .option('--invert', 'black is repainted')
    .option('-p, --prompt <text>', 'what the new part should show');
  addProduceOptions(command).action(async (path: string, { mask, invert, prompt, ...flags }: Flags) => {
    const image = await readInput(path, io);
    if (mask === undefined && !(await hasTransparency(image))) throw noMask();
    const params = {
      image,
      ...(mask === undefined ? {} : { mask: await readInput(mask, io) }),
      ...(invert ? { invert } : {}),
    };
    await produce(flags, io, { guides: [{ name: 'inpaint', params }, ...textGuides(prompt, flags)] });
  });
}
