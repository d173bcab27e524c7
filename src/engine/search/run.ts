/** Runs descents to completion in this process. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { Network } from '../network/network.ts';
import { advance } from './batches.ts';
import type { Descent } from './descent.ts';
import type { GenerateEvent } from './events.ts';
import { ALONE, EventJoiner, type Joining } from './together.ts';

/**
 * The events of one descent: its levels, then `done`, or `cancelled` with the best pictures so far as soon as its signal
 * aborts. Its guides are always freed, also if the caller stops iterating.
 *
 * @throws {KandidError} from its guides or the network; no further events follow
 */
export function eventsOf(network: Network, descent: Descent): AsyncGenerator<GenerateEvent, void, undefined> {
  return eventsOfAll(network, [descent], ALONE);
}

/** Like `eventsOf`, for several descents that are reported as one. */
export async function* eventsOfAll(
  network: Network,
  descents: readonly Descent[],
  joining: Joining,
): AsyncGenerator<GenerateEvent, void, undefined> {
  const joiner = new EventJoiner(descents.length, joining);
  const newEvents = () =>
    descents.flatMap((descent, i) => descent.drainEvents().flatMap((event) => joiner.add(i, event) ?? []));
  try {
    while (await advanceLowest(network, descents)) {
      yield* newEvents();
      const failed = descents.find(({ error }) => error !== null);
      if (failed) throw failed.error;
    }
    yield* newEvents();
    for (const { error } of descents) if (error) throw error;
  } finally {
    await Promise.all(descents.map((descent) => descent.dispose()));
  }
}

/**
 * Runs several descents of one model together: always those at the lowest level, so that late ones catch up and share the
 * remaining runs. Resolves when all are over; see `status`, `error` and `drainEvents` of each.
 */
export async function runTogether(network: Network, descents: readonly Descent[]): Promise<void> {
  try {
    while (await advanceLowest(network, descents));
  } finally {
    await Promise.all(descents.map((descent) => descent.dispose()));
  }
}

/** @returns false once no descent is ready */
async function advanceLowest(network: Network, descents: readonly Descent[]): Promise<boolean> {
  const ready = descents.filter(({ status }) => status === 'ready');
  if (ready.length === 0) return false;
  const lowest = Math.min(...ready.map(({ level }) => level));
  await advance(
    network,
    ready.filter(({ level }) => level === lowest),
  );
  await breathe();
  return true;
}
