/** A cluster of separate processes on this machine. */
import { Member } from './member.ts';
import { freePort, RedisProcess } from './redis-process.ts';

export interface ClusterSize {
  readonly gateways: number;
  readonly workers: number;
  readonly model: string;
  /** Folders of models. */
  readonly models: readonly string[];
  readonly device?: string | undefined;
  readonly threads?: number | undefined;
  /** Folders of guides. */
  readonly guides?: readonly string[] | undefined;
  /** Settings that are not the defaults. */
  readonly settings?: Readonly<Record<string, string | number>> | undefined;
}

export interface RunningCluster {
  readonly redis: RedisProcess;
  readonly gateways: readonly Member[];
  readonly workers: readonly Member[];
  /** URLs of the gateways, which keep them after a restart. */
  readonly urls: readonly string[];
}

/** Runs `work` with a cluster, which is stopped in any case. @throws {KandidError} internal: a process did not start */
export async function withCluster<T>(size: ClusterSize, work: (cluster: RunningCluster) => Promise<T>): Promise<T> {
  const redis = await RedisProcess.start();
  const { model, models, device, threads, guides = [], settings = {} } = size;
  const all = { ...settings, requestsPerMinute: 0 };
  const flags = [
    ...['--redis', redis.url, '--model', model],
    ...models.flatMap((folder) => ['--models', folder]),
    ...Object.entries(all).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
  ];
  const workerFlags = [
    ...(device === undefined ? [] : ['--device', device]),
    ...(threads === undefined ? [] : ['--threads', String(threads)]),
    ...guides.flatMap((folder) => ['--guides', folder]),
  ];
  const ports = await Promise.all(Array.from({ length: size.gateways }, () => freePort()));
  const gateways = ports.map((port) => new Member('serve', ['--host', '127.0.0.1', '--port', String(port), ...flags]));
  const workers = Array.from({ length: size.workers }, () => new Member('worker', [...flags, ...workerFlags]));
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  try {
    await Promise.all([...gateways, ...workers].map((member) => member.start()));
    return await work({ redis, gateways, workers, urls });
  } finally {
    await Promise.all([...gateways, ...workers].map((member) => member.stop()));
    await redis.stop();
  }
}
