/** The queue of waiting jobs. In memory here; a durable or distributed one can implement the same interface. */
import { KandidError } from '../../errors.ts';

/** A job in the queue. */
export interface Entry {
  readonly id: string;
  /** Whose turn it counts as. */
  readonly client: string;
  /** Higher goes first. */
  readonly priority: number;
}

export interface JobQueue {
  /** @throws {KandidError} queue_full */
  push(entry: Entry): Promise<void>;
  /** The first in order of turns that fits, taken out; null where there is none. @param fits @default all */
  take(fits?: (entry: Entry) => boolean): Promise<Entry | null>;
  /** Takes an entry out; false where it was not there any more. */
  remove(id: string): Promise<boolean>;
  /** All that wait, in the order in which they would be taken now. */
  order(): Promise<readonly string[]>;
  readonly size: number;
  /** Calls back when something may be taken. */
  listen(listener: () => void): void;
}

export interface FairQueueOptions {
  /** Entries that may wait. */
  readonly most: number;
  /** Told to those who are refused: seconds until it is worth trying again. */
  readonly retrySeconds: () => number;
}

/**
 * Higher priorities first; among equal ones the clients take turns, each with its own jobs in order, so that a client with
 * a hundred jobs does not hold up one with a single job.
 */
export class FairQueue implements JobQueue {
  readonly #options: FairQueueOptions;
  /** By priority, then by client in order of turns. */
  readonly #lines = new Map<number, Map<string, Entry[]>>();
  readonly #entries = new Map<string, Entry>();
  #listener: () => void = () => {};

  constructor(options: FairQueueOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#entries.size;
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

  async take(fits: (entry: Entry) => boolean = () => true): Promise<Entry | null> {
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
        return entry;
      }
    }
    return null;
  }

  #priorities(): number[] {
    return [...this.#lines.keys()].sort((a, b) => b - a);
  }

  async remove(id: string): Promise<boolean> {
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
    return this.#priorities().flatMap((priority) => inTurns([...(this.#lines.get(priority)?.values() ?? [])]));
  }
}

function inTurns(lines: readonly (readonly Entry[])[]): string[] {
  const longest = Math.max(0, ...lines.map(({ length }) => length));
  const rounds = Array.from({ length: longest }, (_, round) => lines.flatMap((line) => line[round]?.id ?? []));
  return rounds.flat();
}
