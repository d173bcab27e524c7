/** Reuses the memory of finished runs: new memory costs page faults, and collecting it pauses the process. */

/** Free blocks kept, the largest ones: as many as the runs in flight at once are likely to need. */
const KEPT = 6;

export class BufferPool {
  #blocks: ArrayBuffer[] = [];

  /** `length` uninitialised numbers: from the smallest free block that they fit into, else from a new one. */
  acquire(length: number): Float32Array {
    const bytes = 4 * length;
    const fitting = this.#blocks.filter((block) => block.byteLength >= bytes);
    const block = fitting.sort((a, b) => a.byteLength - b.byteLength)[0];
    if (!block) return new Float32Array(length);
    this.#blocks.splice(this.#blocks.indexOf(block), 1);
    return new Float32Array(block, 0, length);
  }

  /** Returns a buffer to the pool; it must not be used afterwards. */
  release({ buffer }: Float32Array): void {
    if (buffer.byteLength > 0) this.#blocks.push(buffer as ArrayBuffer);
    if (this.#blocks.length <= KEPT) return;
    this.#blocks.sort((a, b) => b.byteLength - a.byteLength);
    this.#blocks.length = KEPT;
  }
}
