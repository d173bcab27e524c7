/** Pictures as one `.npy` array of uint8 [count, side, side, channels], written incrementally and resumable. */
import { existsSync } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

const HEADER_BYTES = 128;

/** The 128-byte header of a version 1.0 `.npy` file of uint8. */
export function npyHeader(shape: readonly number[]): Buffer {
  const dictionary = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const header = Buffer.alloc(HEADER_BYTES, 0x20);
  header.write('\x93NUMPY\x01\x00', 0, 'latin1');
  header.writeUInt16LE(HEADER_BYTES - 10, 8);
  header.write(dictionary, 10, 'latin1');
  header[HEADER_BYTES - 1] = 0x0a;
  return header;
}

/** Number of complete pictures of `shape` [side, side, channels] in a file; 0 if it does not exist. */
export async function npyCount(path: string, shape: readonly number[]): Promise<number> {
  const bytes = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  return Math.max(0, Math.floor((bytes - HEADER_BYTES) / pictureBytesOf(shape)));
}

/** Size of a file that holds `count` pictures of `shape` [side, side, channels]. */
export function npyBytes(count: number, shape: readonly number[]): number {
  return HEADER_BYTES + count * pictureBytesOf(shape);
}

function pictureBytesOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** An array being written. Only complete pictures count, so that a killed run resumes after the last one. */
export class NpyWriter {
  readonly #file: FileHandle;
  readonly #pictureBytes: number;
  #count: number;

  private constructor(file: FileHandle, pictureBytes: number, count: number) {
    this.#file = file;
    this.#pictureBytes = pictureBytes;
    this.#count = count;
  }

  /** Opens or creates a file of pictures of `shape` [side, side, channels], to continue after its last complete picture. */
  static async open(path: string, shape: readonly number[]): Promise<NpyWriter> {
    const count = await npyCount(path, shape);
    const file = await open(path, existsSync(path) ? 'r+' : 'w+');
    return new NpyWriter(file, pictureBytesOf(shape), count);
  }

  /** Number of pictures written so far. */
  get count(): number {
    return this.#count;
  }

  /** Appends complete pictures. */
  async append(pictures: readonly Buffer[]): Promise<void> {
    const bytes = Buffer.concat(pictures);
    await this.#file.write(bytes, 0, bytes.length, HEADER_BYTES + this.#count * this.#pictureBytes);
    this.#count += pictures.length;
  }

  /** Writes the header for `shape` [count, side, side, channels], and truncates the file after the last picture. */
  async finish(shape: readonly number[]): Promise<void> {
    await this.#file.write(npyHeader(shape), 0, HEADER_BYTES, 0);
    await this.#file.truncate(HEADER_BYTES + (shape[0] ?? 0) * this.#pictureBytes);
    await this.#file.sync();
  }

  /** Closes the file; if `finish` was not called, a later run can resume. */
  async close(): Promise<void> {
    await this.#file.close();
  }
}
