/** Optional packages that only clusters need, loaded on demand. */
import { optionalPackages } from '../../optional-packages.ts';

export type { Job as BullJob, Queue, Worker } from 'bullmq';
export type { Redis, RedisOptions } from 'ioredis';

const PURPOSE = 'servers and workers that share jobs by Redis (--redis)';

/** @throws {KandidError} package_missing */
export async function clusterPackages() {
  return await optionalPackages(['bullmq', 'ioredis'], PURPOSE, async () => {
    const [bull, { Redis }] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { Queue: bull.Queue, Worker: bull.Worker, Redis };
  });
}

export type ClusterPackages = Awaited<ReturnType<typeof clusterPackages>>;
