/** Makes the pictures of README.md by the commands that stand beside them: `npx tsx scripts/make/readme-pictures.ts`. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { processIo } from '../../src/cli/io.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { edgesOf } from '../../src/engine/input/edges.ts';
import type { Picture } from '../../src/guide.ts';
import { drawAvatar, renderAvatar } from '../../src/lab/datasets/avatars.ts';
import { AVATAAARS } from '../../src/lab/datasets/styles/avataaars.ts';
import { noisy, shrunk } from '../../src/lab/evaluate/measures/degrade.ts';
import { decodePicture, encodePicture } from '../../src/pictures/codec.ts';

const OUT = 'models/pictures/readme';
const SIDE = 256;
const SHOWN = 160;
const GAP = 8;

const work = await mkdtemp(join(tmpdir(), 'kandid-readme-'));
const at = (name: string) => join(work, name);
const io = processIo();

/** A command line as README.md shows it, its files in the work folder. */
async function kandid(line: string): Promise<void> {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((word) => word.slice(1).find(Boolean) as string);
  const code = await runCommandLine(
    words.map((word) => word.replace(/^[\w-]+\.(png|webp)$|(?<=@)[\w-]+\.png/, at)),
    { ...io, out: () => {}, terminal: null },
  );
  if (code !== 0) throw new Error(`kandid ${line}: exit code ${code}`);
}

async function faceOf(seed: string, side = SIDE): Promise<Picture> {
  const raw = await renderAvatar(AVATAAARS, drawAvatar(AVATAAARS, seed), side);
  const png = await sharp(raw, { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer();
  return await decodePicture(png, { channels: 3 });
}

async function save(name: string, picture: Picture): Promise<void> {
  await writeFile(at(name), await encodePicture(picture, 'png'));
}

/** Files side by side, each as high as all others. */
async function strip(name: string, files: readonly string[], side = SIDE): Promise<void> {
  const parts = await Promise.all(
    files.map(async (file) => {
      const small = sharp(at(file));
      const { width = side, height = side } = await small.metadata();
      const rows = Math.max(1, Math.round(height / side));
      const wide = Math.round((width / height) * SHOWN * rows);
      const kernel = height < side ? 'nearest' : 'lanczos3';
      return {
        data: await small
          .resize(wide, SHOWN * rows, { kernel })
          .png()
          .toBuffer(),
        wide,
        high: SHOWN * rows,
      };
    }),
  );
  let left = 0;
  const layers = parts.map(({ data, wide }) => {
    const layer = { input: data, left, top: 0 };
    left += wide + GAP;
    return layer;
  });
  const high = Math.max(...parts.map((part) => part.high));
  const background = { r: 255, g: 255, b: 255, alpha: 0 };
  const canvas = sharp({ create: { width: left - GAP, height: high, channels: 4, background } });
  await canvas
    .composite(layers)
    .webp({ quality: 88 })
    .toFile(join(OUT, `${name}.webp`));
}

async function prepare(): Promise<void> {
  const face = await faceOf('test-13');
  await save('face.png', face);
  await save('small.png', shrunk(face, 8));
  await save('noisy.png', noisy(face, 0.53, 1));
  await save('painting.png', await faceOf('test-2'));
  const drawn = await faceOf('test-3');
  await save('drawing.png', { ...drawn, channels: 1, data: edgesOf(drawn, 'color_edges') });
  await save('other.png', await faceOf('test-10'));
  await sharp(at('face.png')).grayscale().png().toFile(at('gray.png'));
  const half = { create: { width: SIDE, height: SIDE / 2, channels: 3 as const, background: 'white' } };
  await sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: 'black' } })
    .composite([{ input: await sharp(half).png().toBuffer(), left: 0, top: 0 }])
    .png()
    .toFile(at('mask.png'));
  await sharp(at('face.png'))
    .composite([
      {
        input: await sharp({ ...half, create: { ...half.create, background: '#888' } })
          .png()
          .toBuffer(),
        left: 0,
        top: 0,
      },
    ])
    .png()
    .toFile(at('hidden.png'));
}

try {
  await mkdir(OUT, { recursive: true });
  await prepare();
  await kandid(
    'generate "a woman with long red hair and sunglasses" --count 4 --seed 3 --grid --out women.png --animate women.webp',
  );
  await sharp(at('women.webp'), { animated: true }).webp({ quality: 80 }).toFile(join(OUT, 'women.webp'));
  await kandid(
    'generate "a man with a brown beard and sunglasses in a green hoodie" --count 4 --seed 5 --grid --out man.png',
  );
  await strip('text', ['man.png']);
  await kandid(
    'inpaint face.png --mask mask.png --prompt "a person with a blue hat" --count 2 --seed 1 --grid --out hats.png',
  );
  await strip('inpaint', ['hidden.png', 'hats.png']);
  await kandid('upscale small.png --out large.png');
  await strip('upscale', ['small.png', 'large.png', 'face.png']);
  await kandid('colorize gray.png --count 2 --top 2 --seed 1 --grid --out colours.png');
  await strip('colorize', ['gray.png', 'colours.png']);
  await kandid('denoise noisy.png --sigma 0.53 --out clean.png');
  await strip('denoise', ['noisy.png', 'clean.png', 'face.png']);
  await kandid('style painting.png --content face.png --seed 1 --out styled.png');
  await strip('style', ['painting.png', 'face.png', 'styled.png']);
  await kandid(
    `generate --model avatars-256-edges --condition drawing.png --guide 'color:1:{"image":"@other.png","slack":0.07}' --seed 1 --out filled.png`,
  );
  await strip('drawing', ['drawing.png', 'other.png', 'filled.png']);
  await kandid('vary face.png --keep 12 --count 2 --seed 1 --grid --out varied.png');
  await strip('vary', ['face.png', 'varied.png']);
} finally {
  await rm(work, { recursive: true, force: true });
}
