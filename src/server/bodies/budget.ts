/** Limits the bytes that clients make the server hold: per client, and in total. */
import type { ErrorCode } from '../../errors.ts';
import { KandidError } from '../../errors.ts';

export interface BudgetOptions {
  readonly all: number;
  readonly perClient: number;
  /** What the bytes are, for error messages: `Bodies of requests`. */
  readonly what: string;
}

const RETRY_SECONDS = 2;

/** The bytes held by one request. */
export interface Lease {
  /** @throws {KandidError} client_bytes_full, bytes_full; the lease is then unchanged */
  grow(bytes: number): void;
  shrink(bytes: number): void;
  /** Releases all bytes; repeated calls have no effect. */
  release(): void;
}

export class ByteBudget {
  readonly #options: BudgetOptions;
  readonly #clients = new Map<string, number>();
  #held = 0;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  get held(): number {
    return this.#held;
  }

  /** @throws {KandidError} client_bytes_full, bytes_full */
  check(client: string, bytes: number): void {
    const { all, perClient, what } = this.#options;
    const refuse = (code: ErrorCode & `${string}bytes_full`, limit: number) =>
      new KandidError(code, { what, limit, retrySeconds: RETRY_SECONDS });
    if ((this.#clients.get(client) ?? 0) + bytes > perClient) throw refuse('client_bytes_full', perClient);
    if (this.#held + bytes > all) throw refuse('bytes_full', all);
  }

  lease(client: string): Lease {
    let own = 0;
    const change = (bytes: number) => {
      own += bytes;
      this.#held += bytes;
      const left = (this.#clients.get(client) ?? 0) + bytes;
      if (left > 0) this.#clients.set(client, left);
      else this.#clients.delete(client);
    };
    return {
      grow: (bytes) => {
        this.check(client, bytes);
        change(bytes);
      },
      shrink: (bytes) => change(-Math.min(own, bytes)),
      release: () => change(-own),
    };
  }
}
