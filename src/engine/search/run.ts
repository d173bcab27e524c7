/** Runs descents to their end in this process. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Network } from '../network/network.ts';
import { advance } from './batches.ts';
import type { Descent } from './descent.ts';
import type { GenerateEvent } from './events.ts';

/**
 * The events of one descent: its levels, then `done`, or `cancelled` with the best pictures so far as soon as its signal
 * aborts. Its guides are freed whatever happens, also where the caller stops reading.
 *
 * @throws {KandidError} what its guides or the network throw; then no further event comes
 */
export async function* eventsOf(network: Network, descent: Descent): AsyncGenerator<GenerateEvent, void, undefined> {
  try {
    while (descent.status === 'ready') {
      await advance(network, [descent]);
      yield* descent.takeEvents();
      await breathe();
    }
    yield* descent.takeEvents();
    if (descent.error) throw descent.error;
  } finally {
    await descent.dispose();
  }
}

/**
 * Runs several descents of one model together: always those at the lowest level, so that late ones catch up and then share
 * the runs. Resolves when all are over; each tells by `status`, `error` and `takeEvents` how it went.
 */
export async function runTogether(network: Network, descents: readonly Descent[]): Promise<void> {
  try {
    for (;;) {
      const ready = descents.filter(({ status }) => status === 'ready');
      if (ready.length === 0) return;
      const lowest = Math.min(...ready.map(({ level }) => level));
      await advance(
        network,
        ready.filter(({ level }) => level === lowest),
      );
      await breathe();
    }
  } finally {
    await Promise.all(descents.map((descent) => descent.dispose()));
  }
}
