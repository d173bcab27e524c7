/** Observers of jobs and worker processes that write to the log, and a way to combine two observers. */
import type { JobsObserver } from './jobs/observer.ts';
import type { Logger } from './log.ts';
import type { PoolObserver } from './workers/worker-pool.ts';

export function jobsLog(log: Logger): JobsObserver {
  return {
    refused: ({ code, message }) => log.info({ code, message }, 'refused'),
    trouble: (err) => log.error({ err }, 'something went wrong with the jobs; they go on'),
    started: ({ id: job, label, client, attempt }) => log.debug({ job, label, client, attempt }, 'started'),
    lost: ({ id: job, attempt }, reason) => log.warn({ job, attempt, reason }, 'lost with its process'),
    ended: ({ id: job, label, client, created, started, finished }, event) => {
      const waitMs = (started ?? finished ?? created) - created;
      const runMs = started === null || finished === null ? 0 : finished - started;
      const error = event.type === 'failed' ? { code: event.error.code, message: event.error.message } : {};
      log.info({ job, label, client, state: event.type, waitMs, runMs, ...error }, 'ended');
    },
  };
}

export function poolLog(log: Logger): PoolObserver {
  return {
    ready: (device, info) => log.info({ device, on: info.device, fallback: info.fallback }, 'worker ready'),
    exited: (device, reason) => log.error({ device, reason }, 'worker ended'),
    warning: (device, text) => log.warn({ device, text }, 'worker complains'),
  };
}

/** Combines two observers: each event goes to both. */
export function combineObservers<Observer extends object>(first: Observer, second: Observer): Observer {
  const names = new Set([...Object.keys(first), ...Object.keys(second)]) as Set<keyof Observer>;
  const joined = [...names].map((name) => {
    const both = [first[name], second[name]].filter((one) => typeof one === 'function');
    return [name, (...args: unknown[]) => both.forEach((one) => void one(...args))];
  });
  return Object.fromEntries(joined) as Observer;
}
