/** Picture sets for evaluation: held-out pictures of the model's data set, or its first training pictures. */
import { type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { resample } from '../../kit/resample.ts';
import { decodePicture } from '../../pictures/codec.ts';
import { pixelsToPicture } from '../../pictures/pixels.ts';
import { writeAvatars } from '../datasets/avatar-files.ts';
import type { AvatarStyle } from '../datasets/avatar-style.ts';
import { drawAvatar, renderAvatar } from '../datasets/avatars.ts';
import { DIGITS_SIDE, type LabelledPicture, readDigits, readFashion } from '../datasets/digits.ts';
import { filesBelow, heldOutCount } from '../datasets/folder.ts';
import { npyBytes, npyCount } from '../datasets/npy.ts';
import { AVATAAARS } from '../datasets/styles/avataaars.ts';
import { styleOfDataset } from '../datasets/styles/index.ts';
import { heldOutPictures } from './held-out.ts';

export interface PictureSet {
  readonly count: number;
  /** Reads the pictures `from` to `to` − 1. */
  read(from: number, to: number): Promise<Picture[]>;
  close(): Promise<void>;
}

export interface SetRequest {
  /** 'digits', 'fashion', 'folder', 'flowers', 'cifar10', or the data set of an avatar style; null for an untrained model. */
  readonly dataset: string | null;
  readonly part: 'train' | 'test';
  readonly count: number;
  readonly side: number;
  readonly channels: 1 | 3;
  /** Folder of prepared data sets, where missing ones are stored. */
  readonly data: string;
  /** Folders of models, for the held-out pictures that come with them. @default none */
  readonly models?: readonly string[] | undefined;
  /** A folder of pictures to use instead: files, or a prepared pictures.npy. */
  readonly pictures?: string | undefined;
  progress?(done: number, total: number): void;
}

/** Data sets whose pictures are in a package. */
const DRAWABLE: readonly string[] = ['digits', 'fashion'];

/**
 * Opens the pictures; missing avatars are drawn and stored.
 *
 * @throws {KandidError} option_invalid, package_missing, file_unreadable, file_unwritable, picture_*
 */
export async function openPictures(request: SetRequest): Promise<PictureSet> {
  if (request.pictures !== undefined) return openFolder(request.pictures, request);
  const dataset = request.dataset ?? (request.channels === 3 ? AVATAAARS.dataset : 'digits');
  const style = styleOfDataset(dataset);
  if (style) return openAvatars(style, request);
  switch (dataset) {
    case 'digits':
      return labelledSet(await readDigits(request.part), request);
    case 'fashion':
      return labelledSet(await readFashion(request.part), request);
    default:
      return await openPhotographs(dataset, request);
  }
}

/** Prepared pictures of a data set that no command can create, or the held-out ones that come with Kandid. */
async function openPhotographs(dataset: string, request: SetRequest): Promise<PictureSet> {
  const { part, side, channels, count, data } = request;
  const prepared = join(data, `${dataset}-${side}`, part, 'pictures.npy');
  const shape = [side, side, channels];
  if ((await npyCount(prepared, shape)) > 0) return openArray(prepared, shape, count, channels);
  const shipped = part === 'test' ? await heldOutPictures(dataset, request.models ?? [], request) : null;
  if (shipped) return memorySet(shipped);
  throw new KandidError('option_invalid', {
    option: '--pictures',
    got: 'missing',
    expected: `a folder of pictures, or --data with ${dataset}-${side}/${part}/pictures.npy: the model's own data set cannot be created here`,
  });
}

/** Why the pictures are missing and cannot be created, or null. */
export async function missingReason({
  dataset,
  part,
  side,
  channels,
  data,
  pictures,
}: SetRequest): Promise<string | null> {
  if (pictures !== undefined || dataset === null || DRAWABLE.includes(dataset) || styleOfDataset(dataset)) return null;
  const prepared = join(data, `${dataset}-${side}`, part, 'pictures.npy');
  if ((await npyCount(prepared, [side, side, channels])) > 0) return null;
  return `its ${part} pictures are missing: ${prepared}`;
}

async function openAvatars(style: AvatarStyle, request: SetRequest): Promise<PictureSet> {
  const { part, count, side, data } = request;
  const shape = [side, side, 3];
  const prepared = join(data, `${style.dataset}-${side}`, part, 'pictures.npy');
  if (await isDrawnAlike(style, prepared, request)) return openArray(prepared, shape, count, 3);
  const folder = join(data, 'evaluation', `${style.dataset}-${side}`, part);
  const own = join(folder, 'pictures.npy');
  if (!(await isDrawnAlike(style, own, request)))
    await writeAvatars(folder, { style, prefix: part, count, side }, (done) => request.progress?.(done, count));
  return openArray(own, shape, count, 3);
}

/** Whether a file holds enough avatars of the current drawing code: the first and last needed ones are drawn and compared. */
async function isDrawnAlike(style: AvatarStyle, file: string, { part, count, side }: SetRequest): Promise<boolean> {
  const shape = [side, side, 3];
  if ((await npyCount(file, shape)) < count) return false;
  const handle = await open(file);
  try {
    for (const n of [0, count - 1]) {
      const found = await readBytes(handle, n, n + 1, shape);
      if (!found.equals(await renderAvatar(style, drawAvatar(style, `${part}-${n}`), side))) return false;
    }
    return true;
  } finally {
    await handle.close();
  }
}

async function openArray(file: string, shape: readonly number[], most: number, channels: 1 | 3): Promise<PictureSet> {
  const count = Math.min(most, await npyCount(file, shape));
  const handle = await open(file);
  const [height = 0, width = 0, stored = 0] = shape;
  const size = height * width * stored;
  return {
    count,
    async read(from, to) {
      const bytes = await readBytes(handle, from, Math.min(to, count), shape);
      return Array.from({ length: bytes.length / size }, (_, i) =>
        pixelsToPicture(bytes.subarray(i * size, (i + 1) * size), { width, height, channels: stored }, channels),
      );
    },
    close: () => handle.close(),
  };
}

async function readBytes(handle: FileHandle, from: number, to: number, shape: readonly number[]): Promise<Buffer> {
  const start = npyBytes(from, shape);
  const bytes = Buffer.alloc(Math.max(0, npyBytes(to, shape) - start));
  await handle.read(bytes, 0, bytes.length, start);
  return bytes;
}

function labelledSet(all: readonly LabelledPicture[], { count, side, channels }: SetRequest): PictureSet {
  const from = { width: DIGITS_SIDE, height: DIGITS_SIDE };
  const pictures = all.slice(0, count).map(({ pixels }) => {
    const picture = pixelsToPicture(pixels, { ...from, channels: 1 }, channels);
    if (side === DIGITS_SIDE) return picture;
    return {
      ...picture,
      data: resample(picture.data, from, { width: side, height: side }),
      width: side,
      height: side,
    };
  });
  return memorySet(pictures);
}

async function openFolder(folder: string, request: SetRequest): Promise<PictureSet> {
  const { side, channels, count, part } = request;
  const array = join(folder, 'pictures.npy');
  if (await stat(array).catch(() => null)) return openArray(array, [side, side, channels], count, channels);
  const files = await filesBelow(folder);
  const held = heldOutCount(files.length);
  const wanted = (part === 'test' ? files.slice(0, held) : files.slice(held)).slice(0, count);
  if (wanted.length === 0)
    throw new KandidError('option_invalid', { option: '--pictures', got: folder, expected: 'a folder with pictures' });
  return {
    count: wanted.length,
    read: (from, to) =>
      Promise.all(
        wanted
          .slice(from, to)
          .map(async (name) => decodePicture(await readFile(join(folder, name)), { channels, side, name })),
      ),
    close: async () => {},
  };
}

function memorySet(pictures: readonly Picture[]): PictureSet {
  return {
    count: pictures.length,
    read: async (from, to) => pictures.slice(from, to),
    close: async () => {},
  };
}
