/** CIFAR-10: 50,000 + 10,000 labelled photographs of 32 × 32 pixels; as published, or as picture files. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KandidError } from '../../errors.ts';
import { decodePicture } from '../../pictures/codec.ts';
import { pictureToPixels } from '../../pictures/pixels.ts';
import { filesBelow } from './folder.ts';

export const CIFAR10_SIDE = 32;
export const CIFAR10_ORIGIN = {
  description: 'CIFAR-10: photographs of ten kinds of things, 32 × 32',
  licence: 'none stated by its authors; research use is customary',
  attribution: 'CIFAR-10 by Alex Krizhevsky, Vinod Nair and Geoffrey Hinton',
} as const;

const CLASSES = [
  ...['airplane', 'automobile', 'bird', 'cat', 'deer'],
  ...['dog', 'frog', 'horse', 'ship', 'truck'],
] as const;
const PLANE = CIFAR10_SIDE * CIFAR10_SIDE;
const RECORD_BYTES = 1 + 3 * PLANE;

export type Cifar10Part = 'train' | 'test';

export interface Cifar10Picture {
  /** Reads the pixels, [32, 32, 3]. */
  readonly read: () => Promise<Uint8Array>;
  readonly label: string;
  readonly source: string;
}

/**
 * The pictures of one part below a folder: the binary version as published (`data_batch_1.bin` … and `test_batch.bin`), or
 * picture files named `SPLIT/CLASS/NAME.jpg`.
 *
 * @throws {KandidError} option_invalid, file_unreadable, picture_unreadable
 */
export async function readCifar10(folder: string, part: Cifar10Part): Promise<Cifar10Picture[]> {
  const files = await filesBelow(folder);
  const batches = files.filter((file) => (part === 'train' ? /data_batch_\d\.bin$/ : /test_batch\.bin$/).test(file));
  if (batches.length > 0) return (await Promise.all(batches.sort().map((file) => readBatch(folder, file)))).flat();
  const named = new RegExp(`(?:^|/)${part}/(?<label>[a-z]+)/[^/]+\\.(?:jpe?g|png)$`);
  const pictures = files.flatMap((file) => {
    const label = named.exec(file)?.groups?.label;
    return label === undefined ? [] : [{ file, label }];
  });
  if (pictures.length === 0)
    throw new KandidError('option_invalid', {
      option: 'The archive of CIFAR-10',
      got: `${folder}, which holds ${(await readdir(folder)).slice(0, 5).join(', ') || 'nothing'}`,
      expected: 'data_batch_1.bin and so on, or train/CLASS/NAME.jpg',
    });
  return pictures.map(({ file, label }) => ({ read: () => readPicture(folder, file), label, source: file }));
}

/** Reads a file of records: one byte for the class, then the red, green and blue planes. */
async function readBatch(folder: string, file: string): Promise<Cifar10Picture[]> {
  const bytes = await readFile(join(folder, file));
  if (bytes.length === 0 || bytes.length % RECORD_BYTES !== 0)
    throw new KandidError('file_unreadable', {
      file,
      reason: `it has ${bytes.length} bytes, expected a multiple of ${RECORD_BYTES}`,
    });
  return Array.from({ length: bytes.length / RECORD_BYTES }, (_, n) => {
    const record = bytes.subarray(n * RECORD_BYTES, (n + 1) * RECORD_BYTES);
    return {
      read: async () => interleaved(record.subarray(1)),
      label: CLASSES[record[0] as number] ?? 'unknown',
      source: `${file}/${n}`,
    };
  });
}

/** [32, 32, 3] from planes [3, 32, 32]. */
const interleaved = (planes: Uint8Array): Uint8Array =>
  Uint8Array.from({ length: 3 * PLANE }, (_, i) => planes[(i % 3) * PLANE + Math.floor(i / 3)] as number);

async function readPicture(folder: string, file: string): Promise<Uint8Array> {
  const picture = await decodePicture(await readFile(join(folder, file)), { side: CIFAR10_SIDE, name: file });
  return new Uint8Array(pictureToPixels(picture).buffer);
}
