/** Gateways and workers in this process, with a Redis of the test; inference in this process too by default. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createWorkerNode, type WorkerNode } from '../../../src/server/cluster/agent/worker-node.ts';
import { createGateway, type Gateway } from '../../../src/server/cluster/gateway.ts';
import { createServer } from '../../../src/server/server.ts';
import { loadServerSettings, type ServerFlags, type ServerSettings } from '../../../src/server/settings.ts';
import type { StartProcess } from '../../../src/server/workers/worker-process.ts';
import { NODE_OPTIONS, program } from '../../programs.ts';
import { startHere, testModels } from '../serving.ts';
import { cleanups, type RedisServer } from './redis-server.ts';

const models = testModels();
cleanups.push(models.remove);
let prefixes = 0;

export class Cluster {
  readonly settings: ServerSettings & { readonly redis: string };
  readonly gateways: Gateway[] = [];
  readonly workers: WorkerNode[] = [];

  readonly #flags: ServerFlags;

  private constructor(settings: ServerSettings & { readonly redis: string }, flags: ServerFlags) {
    this.settings = settings;
    this.#flags = flags;
  }

  /** Closed after the tests of the file. */
  static async start(
    redis: RedisServer,
    { gateways = 1, workers = 1, ...flags }: ServerFlags & { gateways?: number; workers?: number } = {},
  ): Promise<Cluster> {
    const all = {
      port: 0,
      device: 'cpu',
      threads: 1,
      logLevel: 'silent',
      defaultModel: 'tiny',
      drainSeconds: 0,
      guides: ['test/fixtures/slow-guides'],
      redis: redis.url,
      redisPrefix: `c${prefixes++}`,
      leaseSeconds: 1,
      // On a busy machine starting a process takes long, during which blocking guides must not time out.
      guideTimeout: 600,
      ...flags,
    };
    const cluster = new Cluster({ ...loadServerSettings(all, {}), redis: redis.url }, all);
    cleanups.push(() => cluster.close());
    for (let n = 0; n < workers; n++) await cluster.addWorker();
    for (let n = 0; n < gateways; n++) await cluster.addGateway();
    return cluster;
  }

  async addGateway(): Promise<Gateway> {
    const gateway = await createGateway(this.settings);
    this.gateways.push(gateway);
    await gateway.pool.start();
    return gateway;
  }

  /** @param start @default inference in this process */
  async addWorker(start: StartProcess = startHere): Promise<WorkerNode> {
    const worker = await createWorkerNode(this.settings, [models.folder], { start });
    this.workers.push(worker);
    await worker.start();
    return worker;
  }

  /** A worker in a separate process, once it accepts jobs. */
  async forkWorker(environment: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
    const env = { ...process.env, SETTINGS: JSON.stringify(this.#flags), MODELS: models.folder, ...environment };
    const child = fork(program('test/fixtures/cluster-worker'), [], { execArgv: [...NODE_OPTIONS], env });
    cleanups.push(() => child.kill('SIGKILL'));
    await once(child, 'message');
    return child;
  }

  /** The HTTP server of a gateway, closed with the cluster. */
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
