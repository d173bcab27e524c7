/** Work of a waiting job, with its pictures on disk. */
import type { Work } from '../../worker/messages.ts';
import { openSpool, type SpoolFile } from './spool.ts';

export interface StoredWork {
  /** The work with its large arrays replaced by empty ones. */
  readonly outline: Work;
  /**
   * Puts the pictures back into an outline, which may have been changed otherwise. @throws {KandidError} spool_failed
   */
  load(outline: Work): Promise<Work>;
  close(): Promise<void>;
}

/** Bytes; smaller pictures stay in memory. */
const MIN_BYTES = 64 * 1024;
const LONG_TEXT = 4096;

/** Bytes of the pictures in some work, and of texts of `LONG_TEXT` characters or more. */
export function bytesIn(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength;
  if (typeof value === 'string') return value.length < LONG_TEXT ? 0 : value.length;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 0;
  return Object.values(value).reduce((sum: number, field: unknown) => sum + bytesIn(field), 0);
}

/**
 * Moves the pictures of work to disk. The given arrays are detached (empty) afterwards, whoever else holds them.
 * Returns null if all are small enough to stay in memory.
 *
 * @throws {KandidError} spool_failed
 */
export async function storeWork(work: Work, folder?: string): Promise<StoredWork | null> {
  const large = new Set<Uint8Array>();
  mapPictures(work, (picture) => {
    if (picture.byteLength >= MIN_BYTES) large.add(picture);
    return picture;
  });
  if (large.size === 0) return null;
  const file = await openSpool(folder);
  try {
    return await moveTo(file, work, large);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function moveTo(file: SpoolFile, work: Work, large: ReadonlySet<Uint8Array>): Promise<StoredWork> {
  const moved = new Map<Uint8Array, Uint8Array>();
  const places = new Map<Uint8Array, { readonly at: number; readonly length: number }>();
  for (const picture of large) {
    const empty = new Uint8Array(0);
    places.set(empty, { at: file.size, length: picture.byteLength });
    moved.set(picture, empty);
    await file.append(picture);
  }
  const outline = mapPictures(work, (picture) => moved.get(picture) ?? picture) as Work;
  for (const picture of large) detach(picture);
  return {
    outline,
    async load(changed) {
      const loaded = new Map<Uint8Array, Uint8Array>();
      for (const [empty, { at, length }] of places) loaded.set(empty, await file.read(at, length));
      return mapPictures(changed, (picture) => loaded.get(picture) ?? picture) as Work;
    },
    close: () => file.close(),
  };
}

/** Frees the memory of an array even if others still reference it. */
function detach({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) structuredClone(buffer, { transfer: [buffer] });
}

/** Copies plain data with each byte array replaced; numeric arrays are kept as they are. */
function mapPictures(value: unknown, replace: (bytes: Uint8Array) => Uint8Array): unknown {
  if (value instanceof Uint8Array) return replace(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((item) => mapPictures(item, replace));
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, mapPictures(field, replace)]));
}
