/**
 * Queue of picture files to encode or decode. Sharp runs on threads that ONNX Runtime and the file system need too, and
 * a large picture cannot be interrupted: so few are processed at once, at most one of them large, and clients take
 * turns.
 */
import { Shares } from './shares.ts';

export interface PictureTask<T> {
  /** The client that it is scheduled for. */
  readonly client: string;
  /** Pixels to encode or decode. */
  readonly pixels: number;
  /** If aborted, the work is not started any more. */
  readonly signal?: AbortSignal | undefined;
  readonly run: () => Promise<T>;
}

interface Waiting {
  readonly client: string;
  readonly isLarge: boolean;
  /** Starts it; resolves when it has settled, either way. */
  begin(): Promise<void>;
}

/** Pictures of this many pixels or more are large: they may take seconds. */
const LARGE_PIXELS = 512 * 512 + 1;
/**
 * Processed at once, on three of the four threads of libuv; only one large one, so that small ones are never blocked.
 */
const MAX_SMALL = 2;
const MAX_LARGE = 1;

export class PictureQueue {
  readonly #shares = new Shares();
  readonly #waiting: Waiting[] = [];
  #small = 0;
  #large = 0;

  /** Number of pictures waiting or in progress. */
  get size(): number {
    return this.#waiting.length + this.#small + this.#large;
  }

  /**
   * Resolves to the result of `run`, executed in the client's turn. @throws the errors of `run`, or the signal's reason
   */
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
