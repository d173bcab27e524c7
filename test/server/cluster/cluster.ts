/** Gateways and workers in this process, on a Redis of the test's own; inference in this process too, unless told otherwise. */

import { createGateway, type Gateway } from '../../../src/server/cluster/gateway.ts';
import { createWorkerNode, type WorkerNode } from '../../../src/server/cluster/worker-node.ts';
import { createLog } from '../../../src/server/log.ts';
import { createServer } from '../../../src/server/server.ts';
import { loadServerSettings, type ServerFlags, type ServerSettings } from '../../../src/server/settings.ts';
import type { StartProcess } from '../../../src/server/workers/worker-process.ts';
import { startHere } from '../serving.ts';
import { cleanups, type RedisServer } from './redis-server.ts';

let prefixes = 0;

export class Cluster {
  readonly settings: ServerSettings & { readonly redis: string };
  readonly gateways: Gateway[] = [];
  readonly workers: WorkerNode[] = [];

  private constructor(settings: ServerSettings & { readonly redis: string }) {
    this.settings = settings;
  }

  /** Closed after the tests of the file. */
  static async start(
    redis: RedisServer,
    { gateways = 1, workers = 1, ...flags }: ServerFlags & { gateways?: number; workers?: number } = {},
  ): Promise<Cluster> {
    const settings = loadServerSettings(
      {
        ...{ port: 0, device: 'cpu', threads: 1, logLevel: 'silent', defaultModel: 'tiny', drainSeconds: 0 },
        ...{ guides: ['test/fixtures/slow-guides'], redis: redis.url, redisPrefix: `c${prefixes++}`, leaseSeconds: 1 },
        ...flags,
      },
      {},
    );
    const cluster = new Cluster({ ...settings, redis: redis.url });
    cleanups.push(() => cluster.close());
    for (let n = 0; n < workers; n++) await cluster.addWorker();
    for (let n = 0; n < gateways; n++) await cluster.addGateway();
    return cluster;
  }

  async addGateway(): Promise<Gateway> {
    const gateway = await createGateway(this.settings, { log: createLog({ level: 'silent' }) });
    this.gateways.push(gateway);
    await gateway.pool.start();
    return gateway;
  }

  async addWorker(start: StartProcess | undefined = startHere): Promise<WorkerNode> {
    const worker = await createWorkerNode(this.settings, ['models'], { log: createLog({ level: 'silent' }), start });
    this.workers.push(worker);
    await worker.start();
    return worker;
  }

  /** HTTP and WebSockets of a gateway; closes with the cluster. */
  async listen(gateway: Gateway): Promise<string> {
    const server = createServer(gateway);
    const { url } = await server.listen();
    this.#servers.push(server);
    return url;
  }

  readonly #servers: ReturnType<typeof createServer>[] = [];

  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
    await Promise.all(this.gateways.map((gateway) => gateway.close()));
    await Promise.all(this.workers.map((worker) => worker.close()));
  }
}
