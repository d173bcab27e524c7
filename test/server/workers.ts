/** LocalServices with real inference processes on models/tiny, for tests. */
import { after } from 'node:test';
import { createLog } from '../../src/server/log.ts';
import { createServices, type LocalServices } from '../../src/server/services.ts';
import { loadServerSettings, type ServerFlags } from '../../src/server/settings.ts';
import type { JobEvent, Work } from '../../src/worker/messages.ts';

const open: LocalServices[] = [];
// A pending restart does not keep this process alive; a listening server would.
const alive = setInterval(() => {}, 1000);
after(async () => {
  clearInterval(alive);
  await Promise.all(open.map((services) => services.close()));
});

/** Started services, which are stopped after the tests of the file. */
export async function tinyServices(flags: ServerFlags = {}): Promise<LocalServices> {
  const settings = loadServerSettings(
    {
      device: 'cpu',
      threads: 1,
      defaultModel: 'tiny',
      guides: ['test/fixtures/slow-guides'],
      logLevel: 'silent',
      drainSeconds: 0,
      ...flags,
    },
    {},
  );
  const services = createServices(settings, ['models'], { log: createLog({ level: 'silent' }) });
  open.push(services);
  await services.pool.start();
  return services;
}

export function generate(
  request: Extract<Work, { kind: 'generate' }>['request'] = {},
): Extract<Work, { kind: 'generate' }> {
  return { kind: 'generate', request: { model: 'tiny', ...request }, output: { format: 'png' } };
}

/** A request that blocks at a level. */
export const holding = (level: number): Work => generate({ guides: [{ name: 'hold', params: { level } }] });

/** The id of a worker process. */
export function pidOf({ pool }: LocalServices): number {
  const { pid } = pool.status()[0] ?? {};
  if (!pid) throw new Error('no process');
  return pid;
}

/** Resolves when a job emits a type of event for the `times`th time. */
export async function until(
  { jobs }: LocalServices,
  job: Awaited<ReturnType<LocalServices['jobs']['submit']>>,
  type: JobEvent['type'] | 'queued',
  matches: (event: JobEvent) => boolean = () => true,
): Promise<void> {
  const subscriber = jobs.watch(job);
  for await (const event of subscriber)
    if ('event' in event && event.event.type === type && (type === 'queued' || matches(event.event as JobEvent)))
      return;
  throw new Error(`${job.id} ended as ${job.state} without ${type}`);
}
