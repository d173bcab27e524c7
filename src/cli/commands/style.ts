/** `kandid style painting.png` */
import type { Command } from 'commander';
import { readInput } from '../files.ts';
import type { Io } from '../io.ts';
import { addProduceOptions, type ProduceFlags, produce } from '../produce.ts';
import { decimal } from '../values.ts';
import { textGuides } from './generate.ts';

interface Flags extends ProduceFlags {
  readonly content?: string;
  readonly contentWeight: number;
  readonly prompt?: string;
}

export function addStyle(program: Command, io: Io): void {
  const command = program
    .command('style <picture>')
    .summary('generate pictures in the style of another one')
    .description('Uses the colours and textures of a picture (a file, or - for standard input), not its content.')
    .option('--content <file>', 'picture whose shapes (its brightness) are kept')
    .option('--content-weight <w>', 'their weight, relative to 1 for the style', decimal('--content-weight', 0, 100), 1)
    .option('-p, --prompt <text>', 'what the picture should show');
  addProduceOptions(command).action(async (path: string, { content, contentWeight, prompt, ...flags }: Flags) => {
    const style = { name: 'style', params: { image: await readInput(path, io) } };
    const shapes =
      content === undefined
        ? []
        : [{ name: 'colorize', weight: contentWeight, params: { image: await readInput(content, io) } }];
    await produce(flags, io, { guides: [style, ...shapes, ...textGuides(prompt, flags)] });
  });
}
