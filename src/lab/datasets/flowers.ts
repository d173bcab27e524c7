/** Photographs of five kinds of flowers ("TF flowers"), and their split. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KandidError } from '../../errors.ts';
import { filesBelow } from './folder.ts';

export const FLOWERS_ORIGIN = {
  description: 'Photographs of daisies, dandelions, roses, sunflowers and tulips ("TF flowers")',
  licence: 'CC BY 2.0, each photograph by its photographer',
  attribution:
    'Photographers on Flickr, by the number of each photograph; collected by the TensorFlow team (flower_photos.tgz, with LICENSE.txt)',
} as const;

const FLOWERS = ['daisy', 'dandelion', 'roses', 'sunflowers', 'tulips'] as const;

/** One in this many is held out. */
const HELD_OUT_EVERY = 10;

/** Names such as `daisy/100080576_f52e8ee070_n.jpg` (as published) or `daisy-100080576.jpg`. */
const NAME = new RegExp(`(?:^|/)(?<flower>${FLOWERS.join('|')})[/-](?<photo>\\d+)[^/]*\\.jpe?g$`);

export interface FlowerPhoto {
  /** Relative to the folder. */
  readonly file: string;
  readonly flower: (typeof FLOWERS)[number];
  /** Id of the photograph at Flickr. */
  readonly photo: string;
}

/**
 * The photographs below a folder, in a fixed order, without duplicates (of the same bytes or the same id).
 *
 * @throws {KandidError} file_unreadable; option_invalid if there are none
 */
export async function flowerPhotos(folder: string): Promise<FlowerPhoto[]> {
  const found = (await filesBelow(folder)).map((file) => ({ file, parts: NAME.exec(file)?.groups }));
  const photos = found.flatMap(({ file, parts }) =>
    parts ? [{ file, flower: parts.flower as FlowerPhoto['flower'], photo: parts.photo as string }] : [],
  );
  if (photos.length === 0)
    throw new KandidError('option_invalid', {
      option: 'The archive of flowers',
      got: `${folder}, in which no file is named like one`,
      expected: `FLOWER/NUMBER….jpg, of ${FLOWERS.join(', ')}`,
    });
  const seen = new Set<string>();
  const unique: FlowerPhoto[] = [];
  for (const photo of photos) {
    const bytes = createHash('sha256')
      .update(await readFile(join(folder, photo.file)))
      .digest('hex');
    if (!seen.has(bytes) && !seen.has(photo.photo)) unique.push(photo);
    seen.add(bytes).add(photo.photo);
  }
  return unique.sort((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Whether a photograph is held out. This depends on its id alone, so it is the same in every copy of the archive. */
export function isHeldOut({ photo }: FlowerPhoto): boolean {
  return Number.parseInt(order({ photo }).slice(0, 8), 16) % HELD_OUT_EVERY === 0;
}

const order = ({ photo }: Pick<FlowerPhoto, 'photo'>): string => createHash('sha256').update(photo).digest('hex');
