/** The wall's pictures, requested from the server in blocks. */
import { signal } from '@preact/signals';

export interface WallPicture {
  readonly codeString: string;
  /** Data URL. */
  readonly url: string;
}

/** Generates the pictures of a block, deterministically. */
export type GenerateBlock = (block: number, signal: AbortSignal) => Promise<readonly WallPicture[]>;

/** Pictures per block, as many as in the widest row. */
export const BLOCK = 12;

/** Limit of concurrent requests, so that the first rows arrive first. */
const MAX_PENDING = 2;

/** Limit of loaded blocks; others are requested again when they become visible. */
const MAX_LOADED = 100;

export class Blocks {
  /** The loaded blocks. */
  readonly pictures = signal<ReadonlyMap<number, readonly WallPicture[]>>(new Map());
  /** Why a block failed; no more blocks are requested until `retry`. */
  readonly error = signal<Error | null>(null);
  readonly #generate: GenerateBlock;
  readonly #pending = new Map<number, AbortController>();
  #visible: readonly number[] = [];

  constructor(generate: GenerateBlock) {
    this.#generate = generate;
  }

  /** The picture at an index of the wall; null until it is loaded. */
  at(index: number): WallPicture | null {
    return this.pictures.value.get(Math.floor(index / BLOCK))?.[index % BLOCK] ?? null;
  }

  /** Requests the blocks of the visible pictures, `first` to `last` − 1, and cancels requests of all others. */
  show(first: number, last: number): void {
    const from = Math.floor(first / BLOCK);
    const to = Math.ceil(last / BLOCK);
    this.#visible = Array.from({ length: Math.max(0, to - from) }, (_, n) => from + n);
    for (const [block, stop] of this.#pending) if (!this.#visible.includes(block)) stop.abort();
    this.#requestNext();
  }

  retry(): void {
    this.error.value = null;
    this.#requestNext();
  }

  /** Cancels all requests. */
  dispose(): void {
    this.show(0, 0);
  }

  #requestNext(): void {
    for (const block of this.#visible) {
      if (this.#pending.size >= MAX_PENDING || this.error.value) return;
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
      const loaded = await this.#generate(block, stop.signal);
      const kept = [...this.pictures.value].slice(1 - MAX_LOADED);
      this.pictures.value = new Map([...kept, [block, loaded]]);
    } catch (thrown) {
      if (!stop.signal.aborted) throw thrown;
    } finally {
      this.#pending.delete(block);
    }
    this.#requestNext();
  }
}
