/** Fair shares: the next turn goes to the client that has used the least time. */

interface Account {
  /** Milliseconds of work. */
  spent: number;
  /** Number of units of work waiting or running. */
  open: number;
}

export class Shares {
  readonly #accounts = new Map<string, Account>();

  /** Adds a unit of work. A new client starts at the level of the client that has used the least. */
  enter(client: string): void {
    const known = this.#accounts.get(client);
    if (known) known.open += 1;
    else this.#accounts.set(client, { spent: this.#least(), open: 1 });
  }

  /** Removes a unit of work. A client without any is dropped, so that past use does not count later. */
  leave(client: string): void {
    const known = this.#accounts.get(client);
    if (!known) return;
    known.open -= 1;
    if (known.open <= 0) this.#accounts.delete(client);
  }

  charge(client: string, ms: number): void {
    const known = this.#accounts.get(client);
    if (known) known.spent += ms;
  }

  /**
   * Of these clients, the one that has used the least; among equals, the one added last. Undefined if there are none.
   */
  next(clients: Iterable<string>): string | undefined {
    const waiting = new Set(clients);
    let best: string | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const [client, { spent }] of this.#accounts) {
      if (!waiting.has(client) || spent > least) continue;
      best = client;
      least = spent;
    }
    return best;
  }

  #least(): number {
    const all = [...this.#accounts.values()].map(({ spent }) => spent);
    return all.length > 0 ? Math.min(...all) : 0;
  }
}
