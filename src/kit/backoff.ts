/** Exponential backoff. */
export class Backoff {
  readonly #firstMs: number;
  readonly #mostMs: number;
  #failures = 0;

  constructor({ firstMs = 100, mostMs = 30_000 }: { firstMs?: number; mostMs?: number } = {}) {
    this.#firstMs = firstMs;
    this.#mostMs = mostMs;
  }

  /** Records a failure; returns the milliseconds to wait. */
  fail(): number {
    const wait = this.#firstMs * 2 ** Math.min(this.#failures, 30);
    this.#failures += 1;
    return Math.min(this.#mostMs, wait);
  }

  /** Resets after a success: the next failure counts as the first. */
  reset(): void {
    this.#failures = 0;
  }
}
