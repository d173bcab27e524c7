/** Reuses the memory of finished runs: new memory costs page faults, and garbage collection pauses the process. */

/** Number of free blocks kept, the largest ones: about as many as concurrent runs need. */
const MAX_FREE_BLOCKS = 6;

export class BufferPool {
  #blocks: ArrayBuffer[] = [];

  /** `length` uninitialised numbers, in the smallest free block that is large enough, otherwise in a new one. */
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
    if (this.#blocks.length <= MAX_FREE_BLOCKS) return;
    this.#blocks.sort((a, b) => b.byteLength - a.byteLength);
    this.#blocks.length = MAX_FREE_BLOCKS;
  }
}
