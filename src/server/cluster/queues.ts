/** The BullMQ queues of a cluster, each opened on first use. */
import { BullQueue } from './bull-queue.ts';
import type { RedisLink } from './redis-link.ts';

export interface QueuesOptions {
  readonly link: RedisLink;
  /** Id of the claiming worker. */
  readonly owner: string;
  readonly leaseMs: number;
}

export class Queues {
  readonly #options: QueuesOptions;
  readonly #open = new Map<string, Promise<BullQueue>>();

  constructor(options: QueuesOptions) {
    this.#options = options;
  }

  /** @throws {KandidError} redis_unavailable */
  async get(name: string): Promise<BullQueue> {
    const opening = this.#open.get(name) ?? BullQueue.open({ ...this.#options, name });
    this.#open.set(name, opening);
    try {
      return await opening;
    } catch (error) {
      this.#open.delete(name);
      throw error;
    }
  }

  async close(): Promise<void> {
    const all = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(all.map(async (opening) => (await opening.catch(() => null))?.close()));
  }
}
