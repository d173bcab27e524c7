/** Periodic tasks of gateways for waiting jobs. */
import { KandidError } from '../../errors.ts';
import type { Fleet } from './fleet.ts';
import type { Ledger } from './ledger.ts';
import type { Mirror } from './mirror.ts';
import type { Queues } from './queues.ts';

interface Waiting {
  readonly ledger: Ledger;
  readonly queues: Queues;
}

/** Time allowed for restarting a worker. */
const UNSERVED_SECONDS = 120;
const RETRY_SECONDS = 10;

/**
 * Updates the queue positions of waiting jobs.
 *
 * @param estimate seconds until the results of a job at a position
 * @throws {KandidError} redis_unavailable
 */
export async function announce(
  queued: readonly Mirror[],
  { ledger, queues }: Waiting,
  estimate: (position: number) => number | null,
): Promise<void> {
  for (const name of new Set(queued.map(({ queue }) => queue))) {
    if (name === null) continue;
    const order = await (await queues.get(name)).order();
    const places = new Map(order.map((id, position) => [id, position]));
    for (const { job, queue } of queued) {
      const position = places.get(job.id);
      if (queue !== name || position === undefined || position === job.position) continue;
      await ledger.place(job.id, position, estimate(position));
    }
  }
}

/** Fails jobs of models that no worker has had for a while. @throws {KandidError} redis_unavailable */
export async function endUnserved({ ledger, queues, fleet }: Waiting & { readonly fleet: Fleet }): Promise<void> {
  for (const { name, hash, oldestSeconds } of fleet.unserved) {
    if (oldestSeconds < UNSERVED_SECONDS) continue;
    const reason = `no worker has model ${hash.slice(0, 8)} any more`;
    const error = new KandidError('worker_unavailable', { reason, retrySeconds: RETRY_SECONDS }).toJSON();
    const queue = await queues.get(name);
    for (const id of await queue.order())
      if (await ledger.end(id, 0, { type: 'failed', error })) await queue.remove(id);
  }
}
