/**
 * The queue of waiting jobs. An entry that is claimed is on lease: whoever holds it settles it, or loses it by not renewing the
 * lease, and then it waits again, before all others.
 */
import { randomUUID } from 'node:crypto';
import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';

/** A job in the queue. */
export interface Entry {
  readonly id: string;
  /** Whose turn it counts as. */
  readonly client: string;
  /** Higher goes first. */
  readonly priority: number;
}

/** An entry on lease. */
export interface Claim<E extends Entry = Entry> {
  readonly entry: E;
  /** Proves the claim; another one of the same entry has another. */
  readonly lease: string;
}

/** `done`: it leaves the queue; `again`: it waits again, before all others. */
export type Settlement = 'done' | 'again';

export interface JobQueue<E extends Entry = Entry> {
  /** @throws {KandidError} queue_full */
  push(entry: E): Promise<void>;
  /**
   * The first in order of turns that fits, on lease; null where there is none. One whose entries come from elsewhere may wait
   * a few seconds for one.
   *
   * @param fits @default all
   */
  claim(fits?: (entry: E) => boolean): Promise<Claim<E> | null>;
  /** Holds it for as long again; false where the lease has ended. */
  renew(claim: Claim<E>): Promise<boolean>;
  /** Ends the lease; false where it had ended before, and nothing was changed. */
  settle(claim: Claim<E>, how: Settlement): Promise<boolean>;
  /** Takes an entry out that waits; false where it does not. */
  remove(id: string): Promise<boolean>;
  /** All that wait, in the order in which they would be claimed now. */
  order(): Promise<readonly string[]>;
}

/** One whose entries are all in this process. */
export interface LocalQueue extends JobQueue {
  /** Entries that wait. */
  readonly size: number;
  /** Calls back when something may be claimed. */
  listen(listener: () => void): void;
}

export interface FairQueueOptions {
  /** Entries that may wait. */
  readonly most: number;
  /** Told to those who are refused: seconds until it is worth trying again. */
  readonly retrySeconds: () => number;
  /** How long a claim lasts that is not renewed. @default for ever: who claims lives and dies with the queue */
  readonly leases?: { readonly clock: Clock; readonly ms: number } | undefined;
}

interface Held {
  readonly lease: string;
  readonly entry: Entry;
  stopTimer(): void;
}

/**
 * Higher priorities first; among equal ones the clients take turns, each with its own jobs in order, so that a client with
 * a hundred jobs does not hold up one with a single job. What was given back goes before all of them.
 */
export class FairQueue implements LocalQueue {
  readonly #options: FairQueueOptions;
  /** Given back, in order. */
  #again: Entry[] = [];
  /** By priority, then by client in order of turns. */
  readonly #lines = new Map<number, Map<string, Entry[]>>();
  readonly #entries = new Map<string, Entry>();
  readonly #held = new Map<string, Held>();
  #listener: () => void = () => {};

  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size + this.#again.length;
  }

  listen(listener: () => void): void {
    this.#listener = listener;
  }

  async push(entry: Entry): Promise<void> {
    if (this.size >= this.#options.most)
      throw new KandidError('queue_full', { waiting: this.size, retrySeconds: this.#options.retrySeconds() });
    const turns = this.#lines.get(entry.priority) ?? new Map<string, Entry[]>();
    this.#lines.set(entry.priority, turns);
    const line = turns.get(entry.client) ?? [];
    turns.set(entry.client, line);
    line.push(entry);
    this.#entries.set(entry.id, entry);
    this.#listener();
  }

  async claim(fits: (entry: Entry) => boolean = () => true): Promise<Claim | null> {
    const again = this.#again.find(fits);
    if (again) {
      this.#again = this.#again.filter((one) => one !== again);
      return this.#lend(again);
    }
    for (const priority of this.#priorities()) {
      const turns = this.#lines.get(priority) as Map<string, Entry[]>;
      for (const [client, line] of turns) {
        const [entry] = line;
        if (!entry || !fits(entry)) continue;
        line.shift();
        turns.delete(client);
        if (line.length > 0) turns.set(client, line);
        if (turns.size === 0) this.#lines.delete(priority);
        this.#entries.delete(entry.id);
        return this.#lend(entry);
      }
    }
    return null;
  }

  async renew({ entry, lease }: Claim): Promise<boolean> {
    const held = this.#heldBy(entry.id, lease);
    if (!held) return false;
    held.stopTimer();
    held.stopTimer = this.#expireLater(entry, lease);
    return true;
  }

  async settle({ entry, lease }: Claim, how: Settlement): Promise<boolean> {
    const held = this.#heldBy(entry.id, lease);
    if (!held) return false;
    held.stopTimer();
    this.#held.delete(entry.id);
    if (how === 'again') this.#giveBack(entry);
    return true;
  }

  async remove(id: string): Promise<boolean> {
    if (this.#again.some((entry) => entry.id === id)) {
      this.#again = this.#again.filter((entry) => entry.id !== id);
      return true;
    }
    const entry = this.#entries.get(id);
    if (!entry) return false;
    this.#entries.delete(id);
    const turns = this.#lines.get(entry.priority) as Map<string, Entry[]>;
    const line = turns.get(entry.client) as Entry[];
    line.splice(line.indexOf(entry), 1);
    if (line.length === 0) turns.delete(entry.client);
    if (turns.size === 0) this.#lines.delete(entry.priority);
    return true;
  }

  async order(): Promise<readonly string[]> {
    const turns = this.#priorities().map((priority) => inTurns([...(this.#lines.get(priority)?.values() ?? [])]));
    return [...this.#again.map(({ id }) => id), ...turns.flat()];
  }

  #priorities(): number[] {
    return [...this.#lines.keys()].sort((a, b) => b - a);
  }

  #lend(entry: Entry): Claim {
    const lease = randomUUID();
    this.#held.set(entry.id, { lease, entry, stopTimer: this.#expireLater(entry, lease) });
    return { entry, lease };
  }

  #heldBy(id: string, lease: string): Held | null {
    const held = this.#held.get(id);
    return held?.lease === lease ? held : null;
  }

  #expireLater(entry: Entry, lease: string): () => void {
    const { leases } = this.#options;
    if (!leases) return () => {};
    return leases.clock.after(leases.ms, () => {
      if (!this.#heldBy(entry.id, lease)) return;
      this.#held.delete(entry.id);
      this.#giveBack(entry);
    });
  }

  #giveBack(entry: Entry): void {
    this.#again.push(entry);
    this.#listener();
  }
}

function inTurns(lines: readonly (readonly Entry[])[]): string[] {
  const longest = Math.max(0, ...lines.map(({ length }) => length));
  const rounds = Array.from({ length: longest }, (_, round) => lines.flatMap((line) => line[round]?.id ?? []));
  return rounds.flat();
}
