/** Training pictures from any folder: cropped to the middle square, resized, ordered by a hash of their names. */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { KandidError, reasonOf } from '../../errors.ts';
import { decodePicture } from '../../pictures/codec.ts';
import { pictureToPixels } from '../../pictures/pixels.ts';

/** Smallest number of pictures that is accepted for training. */
export const FOLDER_LEAST = 64;
/** Larger files are skipped. */
const FILE_LIMIT_BYTES = 256 * 1024 * 1024;
/** One in this many is held out, but at least HELD_OUT_LEAST and at most HELD_OUT_MOST. */
const HELD_OUT_EVERY = 20;
const HELD_OUT_LEAST = 8;
const HELD_OUT_MOST = 1000;

export interface FolderFormat {
  /** Width and height of the prepared pictures in pixels. */
  readonly side: number;
  readonly channels: 1 | 3;
}

/** A file's pixels [side, side, channels]: the middle square, upright, composed on white, sRGB or its luma. */
export async function readFolderPicture(path: string, { side, channels }: FolderFormat): Promise<Buffer> {
  const { size } = await stat(path);
  if (size > FILE_LIMIT_BYTES) throw new Error(`${basename(path)} has ${size} bytes, more than ${FILE_LIMIT_BYTES}`);
  const picture = await decodePicture(await readFile(path), { channels, side, name: basename(path) });
  return Buffer.from(pictureToPixels(picture).buffer);
}

/**
 * Every file below `folder` but hidden ones, relative to it, in the order of the hashes of their names: shuffled, the
 * same on every machine, and a file added later moves no other.
 * @throws KandidError file_unreadable
 */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw new KandidError('file_unreadable', { file: folder, reason: reasonOf(error) }, { cause: error });
  });
  return entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((file) => !file.split('/').some((part) => part.startsWith('.')))
    .map((file) => ({ file, hash: createHash('sha256').update(file).digest('hex') }))
    .sort((a, b) => (a.hash < b.hash ? -1 : 1))
    .map(({ file }) => file);
}

/** Number of held-out pictures: the first ones in the order of `filesBelow`. */
export function heldOutCount(pictures: number): number {
  return Math.min(HELD_OUT_MOST, Math.max(HELD_OUT_LEAST, Math.floor(pictures / HELD_OUT_EVERY)));
}
