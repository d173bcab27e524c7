/** Memory of runs that are over, for those to come: fresh memory costs page faults, and collecting it pauses everything. */

/** Spare blocks kept, the largest: candidates and features of the runs that are likely to be in the air at once. */
const KEPT = 6;

export class Spares {
  #blocks: ArrayBuffer[] = [];

  /** So many numbers, of whatever value: from the smallest block that they fit into, else from a new one. */
  take(length: number): Float32Array {
    const bytes = 4 * length;
    const fitting = this.#blocks.filter((block) => block.byteLength >= bytes);
    const block = fitting.sort((a, b) => a.byteLength - b.byteLength)[0];
    if (!block) return new Float32Array(length);
    this.#blocks.splice(this.#blocks.indexOf(block), 1);
    return new Float32Array(block, 0, length);
  }

  /** Gives back what was taken; nobody may look at it any more. */
  give({ buffer }: Float32Array): void {
    if (buffer.byteLength > 0) this.#blocks.push(buffer as ArrayBuffer);
    if (this.#blocks.length <= KEPT) return;
    this.#blocks.sort((a, b) => b.byteLength - a.byteLength);
    this.#blocks.length = KEPT;
  }
}
