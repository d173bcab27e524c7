/** The wall's pictures, drawn by the server in blocks: by the prior of the model where it has one, else by equal chance. */
import { signal } from '@preact/signals';

export interface WallPicture {
  readonly codeString: string;
  /** Data URL. */
  readonly url: string;
}

/** The pictures of a block, always the same ones. */
export type AskBlock = (block: number, signal: AbortSignal) => Promise<readonly WallPicture[]>;

/** Pictures in a block: the widest row. */
export const BLOCK = 12;

/** Blocks asked for at once, so that the first rows come first. */
const AT_ONCE = 2;

/** Blocks that are remembered; others are asked for again when they come into sight. */
const KEPT = 100;

export class Blocks {
  /** Those that have come. */
  readonly pictures = signal<ReadonlyMap<number, readonly WallPicture[]>>(new Map());
  /** Why a block did not come; the others are not asked for until `retry`. */
  readonly error = signal<Error | null>(null);
  readonly #ask: AskBlock;
  readonly #pending = new Map<number, AbortController>();
  #wanted: readonly number[] = [];

  constructor(ask: AskBlock) {
    this.#ask = ask;
  }

  /** The picture at a place of the wall; null while it has not come. */
  at(index: number): WallPicture | null {
    return this.pictures.value.get(Math.floor(index / BLOCK))?.[index % BLOCK] ?? null;
  }

  /** These places are in sight, `last` not included: their blocks are asked for, those out of sight no longer. */
  see(first: number, last: number): void {
    const from = Math.floor(first / BLOCK);
    const to = Math.ceil(last / BLOCK);
    this.#wanted = Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
    for (const [block, stop] of this.#pending) if (!this.#wanted.includes(block)) stop.abort();
    this.#askNext();
  }

  retry(): void {
    this.error.value = null;
    this.#askNext();
  }

  /** Nobody looks any more. */
  dispose(): void {
    this.see(0, 0);
  }

  #askNext(): void {
    for (const block of this.#wanted) {
      if (this.#pending.size >= AT_ONCE || this.error.value) return;
      if (this.#pending.has(block) || this.pictures.value.has(block)) continue;
      this.#fetch(block).catch((thrown: unknown) => {
        this.error.value = thrown instanceof Error ? thrown : new Error(String(thrown));
      });
    }
  }

  async #fetch(block: number): Promise<void> {
    const stop = new AbortController();
    this.#pending.set(block, stop);
    try {
      const found = await this.#ask(block, stop.signal);
      const kept = [...this.pictures.value].slice(1 - KEPT);
      this.pictures.value = new Map([...kept, [block, found]]);
    } catch (thrown) {
      if (!stop.signal.aborted) throw thrown;
    } finally {
      this.#pending.delete(block);
    }
    this.#askNext();
  }
}
