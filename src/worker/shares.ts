/** Who has had how much: the next turn goes to the client that has had the least. */

interface Account {
  /** Milliseconds of work. */
  spent: number;
  /** Pieces of work that wait or run. */
  open: number;
}

export class Shares {
  readonly #accounts = new Map<string, Account>();

  /** A client has one more piece of work. One that comes anew begins where the one that has had the least stands. */
  enter(client: string): void {
    const known = this.#accounts.get(client);
    if (known) known.open += 1;
    else this.#accounts.set(client, { spent: this.#least(), open: 1 });
  }

  /** And one less; who has none is forgotten, so that nobody pays for yesterday. */
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

  /** Of these, the one that has had the least; of equals, the one that came last. Undefined where there are none. */
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
