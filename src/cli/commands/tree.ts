/** `kandid tree digits-32 --depth 3` */
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Command } from 'commander';
import { conditionOf } from '../../engine/input/condition.ts';
import type { OpenModel } from '../../engine/models.ts';
import { KandidError } from '../../errors.ts';
import type { Kandid } from '../../index.ts';
import { type Canvas, type DrawnTree, drawTree } from '../../lab/tree/draw.ts';
import { depthWithin, TreeLayout } from '../../lab/tree/layout.ts';
import { loadSharp } from '../../pictures/sharp.ts';
import { MANIFEST_FILE } from '../../runtime/manifest.ts';
import { findModels } from '../../runtime/models.ts';
import { FORMATS } from '../destination.ts';
import { prepareFolder, readInput, writeOutput } from '../files.ts';
import { encodeFilm } from '../film.ts';
import type { Io } from '../io.ts';
import { addEngineOptions, type EngineFlags, withKandid } from '../options.ts';
import { whole, wrongValue } from '../values.ts';

interface Flags extends EngineFlags {
  readonly depth?: number;
  readonly leaf?: number;
  readonly out?: string;
  readonly condition?: string;
  readonly json?: boolean;
}

/** Size of the drawing if no depth is given. */
const COMFORTABLE_PIXELS = 2048 ** 2;
const STANDARD_OUT = 'kandid-tree.png';
const MAX_FRAMES = 500;
const MAX_FILM_PIXELS = 500_000_000;

export function addTree(program: Command, io: Io): void {
  const command = program
    .command('tree <model>')
    .summary('draw all pictures of the first levels as a tree')
    .description(
      'Draws each picture in the middle of its refinements, with coloured frames around parents and the mean of all leaves at the root. A folder of bundles, as written by train.py --training-frames, becomes a film (.webp or .gif).',
    )
    .option('--depth <n>', 'levels shown (as many as fit)', whole('--depth', 1, 256))
    .option('--leaf <n>', "width of a leaf in pixels (the model's own)", whole('--leaf', 4, 1024))
    .option('-o, --out <path>', `picture (.png .webp .jpg .avif), film, or - for standard output (${STANDARD_OUT})`)
    .option('--condition <file>', 'picture that a conditional model starts from')
    .option('--json', 'print codes and positions of all pictures as JSON');
  addEngineOptions(command).action((model: string, flags: Flags) => tree(model, flags, io));
}

async function tree(name: string, flags: Flags, io: Io): Promise<void> {
  const frames = await framesIn(name);
  const extension = checkOut(flags, frames.length > 0);
  if (flags.out !== '-') await prepareFolder(flags.out ?? STANDARD_OUT);
  await withKandid(flags, io, async (kandid) => {
    const draw = (model: string) => drawn(model, flags, kandid, io);
    if (frames.length === 0) {
      const { bundle, network, drawing } = await draw(name);
      await deliver(await encodeCanvas(drawing.canvas, extension), flags, io);
      const { width, height } = drawing.canvas;
      const { nodes, leaves } = drawing;
      if (flags.json)
        io.out(JSON.stringify({ model: network.info.name, hash: bundle.hash, width, height, leaves, nodes }));
      else if (flags.out !== '-')
        io.out(`${flags.out ?? STANDARD_OUT}  ${width}×${height}, ${nodes.length - 1} pictures, ${leaves} leaves`);
      return;
    }
    const canvases = sameSize(frames, async (frame) => (await draw(frame)).drawing.canvas);
    await deliver(await encodeFilm(canvases, extension === '.gif' ? 'gif' : 'webp'), flags, io);
    if (flags.out !== '-') io.out(`${flags.out}  ${frames.length} frames`);
  });
}

async function drawn(
  name: string,
  { depth, leaf, condition }: Flags,
  kandid: Kandid,
  io: Io,
): Promise<OpenModel & { drawing: DrawnTree }> {
  const opened = await kandid.engine.models.open(name);
  const { network } = opened;
  const { candidateCounts: counts, info, finalSide } = network;
  const shape = { model: info.name, counts, leaf: leaf ?? finalSide };
  const layout = new TreeLayout({ ...shape, depth: depth ?? depthWithin(shape, COMFORTABLE_PIXELS) });
  const given = condition === undefined ? undefined : await readInput(condition, io);
  const start = await conditionOf(given, info, { limitPixels: kandid.engine.limitPixels });
  return { ...opened, drawing: await drawTree(network, layout, { condition: start, signal: io.signal }) };
}

/** Bundles in a folder that is not a bundle itself, sorted by name. @throws {KandidError} option_invalid */
async function framesIn(folder: string): Promise<string[]> {
  if (!/[/\\]|^\.{1,2}$/.test(folder) || existsSync(join(folder, MANIFEST_FILE))) return [];
  const found = (await findModels([folder])).filter(({ manifest }) => manifest?.kind === 'pyramid');
  if (found.length <= MAX_FRAMES) return found.map(({ name }) => join(folder, name));
  throw new KandidError('option_invalid', {
    option: folder,
    got: `${found.length} bundles`,
    expected: `at most ${MAX_FRAMES} for a film`,
  });
}

/** Checks that frames have the same size and are small enough in total. @throws {KandidError} option_invalid */
async function* sameSize(frames: readonly string[], draw: (frame: string) => Promise<Canvas>): AsyncGenerator<Canvas> {
  let first: Canvas | undefined;
  for (const frame of frames) {
    const canvas = await draw(frame);
    first ??= canvas;
    const size = `${canvas.width}×${canvas.height}`;
    if (canvas.width !== first.width || canvas.height !== first.height)
      throw wrongValue(frame, size, `${first.width}×${first.height}, as ${frames[0]} before it: one network's frames`);
    if (canvas.width * canvas.height * frames.length > MAX_FILM_PIXELS) {
      const expected = `at most ${MAX_FILM_PIXELS} pixels in all; choose a smaller --leaf or --depth`;
      throw wrongValue(frame, `${size}, ${frames.length} frames`, expected);
    }
    yield canvas;
  }
}

/** The extension of the output file. @throws {KandidError} option_invalid */
function checkOut({ out, json }: Flags, isFilm: boolean): string {
  if (out === '-' && json) throw wrongValue('--out', '-', 'a file beside --json, which takes standard output');
  if (out === '-') return isFilm ? '.webp' : '.png';
  const extension = extname(out ?? STANDARD_OUT).toLowerCase();
  if (isFilm && json) throw wrongValue('--json', 'true', 'one bundle; a film of several has no JSON output');
  if (isFilm && (out === undefined || !['.webp', '.gif'].includes(extension)))
    throw wrongValue(
      '--out',
      out ?? STANDARD_OUT,
      'a file that ends in .webp or .gif, as the folder holds many bundles',
    );
  if (!isFilm && !Object.hasOwn(FORMATS, extension))
    throw wrongValue(
      '--out',
      out ?? '',
      `a file that ends in ${Object.keys(FORMATS).join(', ')} (.gif for a film, of a folder of bundles such as ./frames)`,
    );
  return extension;
}

async function encodeCanvas({ pixels, ...raw }: Canvas, extension: string): Promise<Uint8Array> {
  const sharp = await loadSharp();
  const format = FORMATS[extension] ?? 'png';
  return await sharp(pixels, { raw })
    .toFormat(format, format === 'png' ? {} : { quality: 90 })
    .toBuffer();
}

async function deliver(bytes: Uint8Array, { out = STANDARD_OUT }: Flags, io: Io): Promise<void> {
  if (out === '-') await io.outBytes(bytes);
  else await writeOutput(out, bytes);
}
