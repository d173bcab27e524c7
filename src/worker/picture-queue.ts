/**
 * Picture files that are to be made or read. Sharp works on threads that ONNX Runtime and the file system need too, and a
 * large picture cannot be interrupted: so few are in the works at once, at most one of them large, and clients take turns.
 */
import { Shares } from './shares.ts';

export interface PictureTask<T> {
  /** Whose turn it counts as. */
  readonly client: string;
  /** Pixels that are coded. */
  readonly pixels: number;
  /** Where it has aborted the work is not begun any more. */
  readonly signal?: AbortSignal | undefined;
  readonly run: () => Promise<T>;
}

interface Waiting {
  readonly client: string;
  readonly isLarge: boolean;
  /** Begins it; resolves when it is over, whatever came of it. */
  begin(): Promise<void>;
}

/** From so many pixels on a picture is large: it may take seconds. */
const LARGE_PIXELS = 512 * 512 + 1;
/** In the works at once, three of the four threads of libuv; of large ones one, so that the small ones always pass. */
const MAX_SMALL = 2;
const MAX_LARGE = 1;

export class PictureQueue {
  readonly #shares = new Shares();
  readonly #waiting: Waiting[] = [];
  #small = 0;
  #large = 0;

  /** Pictures that wait or are in the works. */
  get size(): number {
    return this.#waiting.length + this.#small + this.#large;
  }

  /** Resolves to what `run` gives, in the client's turn. @throws what `run` throws, or the signal's reason */
  add<T>({ client, pixels, signal, run }: PictureTask<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        client,
        isLarge: pixels >= LARGE_PIXELS,
        begin: async () => {
          signal?.removeEventListener('abort', leave);
          await run().then(resolve, reject);
        },
      };
      const leave = () => {
        const at = this.#waiting.indexOf(entry);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        this.#shares.leave(client);
        reject(signal?.reason);
      };
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      signal?.addEventListener('abort', leave, { once: true });
      this.#shares.enter(client);
      this.#waiting.push(entry);
      this.#beginNext();
    });
  }

  #beginNext(): void {
    for (const isLarge of [false, true]) {
      if (isLarge ? this.#large >= MAX_LARGE : this.#small >= MAX_SMALL) continue;
      const fitting = this.#waiting.filter((one) => one.isLarge === isLarge);
      const client = this.#shares.next(fitting.map((one) => one.client));
      const entry = fitting.find((one) => one.client === client);
      if (entry) this.#begin(entry);
    }
  }

  #begin(entry: Waiting): void {
    const { client, isLarge } = entry;
    this.#waiting.splice(this.#waiting.indexOf(entry), 1);
    this.#count(isLarge, 1);
    const started = performance.now();
    const done = () => {
      this.#shares.charge(client, performance.now() - started);
      this.#shares.leave(client);
      this.#count(isLarge, -1);
      this.#beginNext();
    };
    entry.begin().then(done, done);
  }

  #count(isLarge: boolean, change: number): void {
    if (isLarge) this.#large += change;
    else this.#small += change;
  }
}
