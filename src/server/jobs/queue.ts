/**
 * The queue of waiting jobs. A claimed entry is on lease: the holder settles it, or loses it by not renewing the lease,
 * and then the entry is queued again, ahead of all others.
 */
import { randomUUID } from 'node:crypto';
import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';

/** A job in the queue. */
export interface Entry {
  readonly id: string;
  /** The client that it is scheduled for. */
  readonly client: string;
  /** Higher runs first. */
  readonly priority: number;
}

/** An entry on lease. */
export interface Claim<E extends Entry = Entry> {
  readonly entry: E;
  /** Identifies this claim; a later claim of the same entry has another lease. */
  readonly lease: string;
}

/** `done`: the entry leaves the queue; `again`: it is queued again, ahead of all others. */
export type Settlement = 'done' | 'again';

export interface JobQueue<E extends Entry = Entry> {
  /** @throws {KandidError} queue_full */
  push(entry: E): Promise<void>;
  /**
   * Leases the first entry, in order of turns, that fits; null if there is none. A remote queue may wait a few seconds
   * for one.
   *
   * @param fits @default all entries
   */
  claim(fits?: (entry: E) => boolean): Promise<Claim<E> | null>;
  /** Extends the lease by its full duration; false if it has ended. */
  renew(claim: Claim<E>): Promise<boolean>;
  /** Ends the lease; false, without effect, if it had already ended. */
  settle(claim: Claim<E>, how: Settlement): Promise<boolean>;
  /** Removes a waiting entry; false if it does not wait. */
  remove(id: string): Promise<boolean>;
  /** Ids of all waiting entries, in the order in which they would be claimed now. */
  order(): Promise<readonly string[]>;
}

/** A queue whose entries are all in this process. */
export interface LocalQueue extends JobQueue {
  /** Number of waiting entries. */
  readonly size: number;
  /** Calls `listener` whenever an entry may have become claimable. */
  listen(listener: () => void): void;
}

export interface FairQueueOptions {
  /** Largest number of waiting entries. */
  readonly most: number;
  /** Retry delay in seconds, sent to refused clients. */
  readonly retrySeconds: () => number;
  /** How long a claim lasts without renewal. @default unlimited: the claimant shares the queue's process */
  readonly leases?: { readonly clock: Clock; readonly ms: number } | undefined;
}

interface Held {
  readonly lease: string;
  readonly entry: Entry;
  stopTimer(): void;
}

/**
 * Higher priorities first; among equals the clients take turns, each with its own jobs in order, so that a client with
 * a hundred jobs does not hold up one with a single job. Returned entries go ahead of all others.
 */
export class FairQueue implements LocalQueue {
  readonly #options: FairQueueOptions;
  /** Returned entries, in order. */
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
