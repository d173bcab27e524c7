/** Reads part of an open file sequentially through a small window, so that a file of any size takes little memory. */
import { readSync } from 'node:fs';
import { CheckpointProblem } from './problem.ts';

const WINDOW = 2 ** 16;

export class ByteSource {
  readonly #file: number;
  readonly #end: number;
  readonly #window = Buffer.alloc(WINDOW);
  /** Offset of the window in the file, and number of valid bytes in it. */
  #from = 0;
  #filled = 0;
  #position: number;

  /**
   * @param file descriptor, open for reading
   * @param start first byte of the part
   * @param end offset after its last byte
   */
  constructor(file: number, start: number, end: number) {
    this.#file = file;
    this.#position = start;
    this.#end = end;
  }

  /** Offset of the next byte in the file. */
  get position(): number {
    return this.#position;
  }

  /** Number of bytes left. */
  get left(): number {
    return this.#end - this.#position;
  }

  /** The part between two offsets of the same file. */
  part(start: number, end: number): ByteSource {
    return new ByteSource(this.#file, start, end);
  }

  /** @throws {CheckpointProblem} at the end */
  byte(): number {
    const at = this.#position - this.#from;
    if (at >= 0 && at < this.#filled) {
      this.#position += 1;
      return this.#window[at] as number;
    }
    return this.bytes(1)[0] as number;
  }

  /**
   * The next bytes; valid until the next call.
   *
   * @param length up to the window's 65,536 without copying; longer ones are copied
   * @throws {CheckpointProblem} if fewer are left
   */
  bytes(length: number): Buffer {
    this.#claim(length);
    if (length > WINDOW) return this.#copy(length);
    const at = this.#position - this.#from;
    if (at < 0 || at + length > this.#filled) this.#fill(length);
    const found = this.#window.subarray(this.#position - this.#from, this.#position - this.#from + length);
    this.#position += length;
    return found;
  }

  /** Skips bytes without reading them. @throws {CheckpointProblem} if fewer are left */
  skip(length: number): void {
    this.#claim(length);
    this.#position += length;
  }

  #claim(length: number): void {
    if (length > this.left)
      throw new CheckpointProblem(
        `it is cut short: ${length} bytes were expected, ${this.left} are left`,
        this.#position,
      );
  }

  #fill(needed: number): void {
    const wanted = Math.min(WINDOW, this.left);
    this.#from = this.#position;
    this.#filled = readFully(this.#file, this.#window, wanted, this.#position);
    if (this.#filled < needed) throw new CheckpointProblem('it was cut short while it was read', this.#position);
  }

  #copy(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    if (readFully(this.#file, bytes, length, this.#position) < length)
      throw new CheckpointProblem('it was cut short while it was read', this.#position);
    this.#position += length;
    return bytes;
  }
}

/** Reads until `length` bytes were read or the file ends. */
export function readFully(file: number, into: Uint8Array, length: number, position: number): number {
  let filled = 0;
  while (filled < length) {
    const read = readSync(file, into, filled, length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}
