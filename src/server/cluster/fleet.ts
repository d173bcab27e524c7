/** The workers of a cluster as a gateway sees them: their models and guides, and the queue for each job. */
import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';
import { nameHint } from '../../kit/nearest-names.ts';
import type { GuideSummary, ModelSummary, Work, WorkerInfo } from '../../worker/messages.ts';
import type { WorkerStatus } from '../workers/worker-supervisor.ts';
import type { Workers } from '../workers/workers.ts';
import { isQueueOf, queueNameOf } from './node.ts';
import type { RedisLink } from './redis-link.ts';
import type { KnownNode, Registry } from './registry.ts';

export interface FleetOptions {
  readonly link: RedisLink;
  readonly registry: Registry;
  readonly clock: Clock;
  /** Called when a refresh failed. */
  readonly onTrouble: (error: unknown) => void;
}

/** The jobs of one model on one device class. */
export interface QueueFigures {
  readonly name: string;
  readonly model: string;
  readonly hash: string;
  readonly device: string;
  readonly waiting: number;
  /** Age of the oldest waiting job; 0 if none waits. */
  readonly oldestSeconds: number;
  /** Number of workers that serve it. */
  readonly nodes: number;
}

const LOOK_MS = 1000;
const RETRY_SECONDS = 5;

export class Fleet implements Workers {
  readonly #options: FleetOptions;
  #nodes: readonly KnownNode[] = [];
  #info: WorkerInfo | null = null;
  #queues: readonly QueueFigures[] = [];
  #stopTimer: () => void = () => {};
  #isStopped = false;
  #looking: Promise<void> | null = null;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** Models and guides of all live workers, or of the last ones seen if there are none. */
  get info(): WorkerInfo | null {
    return this.#info;
  }

  get ready(): boolean {
    return this.#options.link.isUp && this.#nodes.some(({ state }) => state === 'ready');
  }

  /** The live workers. */
  get nodes(): readonly KnownNode[] {
    return this.#nodes;
  }

  get queues(): readonly QueueFigures[] {
    return this.#queues;
  }

  problem(): KandidError | null {
    const { link } = this.#options;
    if (link.problem) return link.problem;
    if (this.ready) return null;
    const reason = `no worker of the cluster has reported to Redis at ${link.address}; start one by "kandid worker --redis"`;
    return new KandidError('worker_unavailable', { reason, retrySeconds: RETRY_SECONDS });
  }

  status(): WorkerStatus[] {
    return this.#nodes.flatMap(({ workers }) => workers);
  }

  /** Resolves after the first refresh; workers may join later. */
  async start(): Promise<void> {
    await this.#options.link.listen('fleet', () => this.#lookSoon());
    await this.look();
    this.#lookLater();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopTimer();
    await this.#looking?.catch(() => {});
  }

  /**
   * The queue for a job: among the workers that have its model, that of the device class with the most room.
   *
   * @throws {KandidError} not_ready, model_unknown, worker_unavailable if no live worker has the model
   */
  queueFor(work: Work): string {
    const info = this.#info;
    if (!info) throw this.problem() ?? new KandidError('not_ready', { retrySeconds: RETRY_SECONDS });
    const name = (work.kind === 'generate' ? work.request.model : work.model) ?? info.defaultModel;
    const model = info.models.find((one) => one.name === name);
    if (!model) {
      const names = info.models.map((one) => one.name);
      throw new KandidError('model_unknown', { name: name.slice(0, 200), hint: nameHint(name, names) });
    }
    const [best] = this.#queues
      .filter(({ hash, nodes }) => hash === model.hash && nodes > 0)
      .map((queue) => ({ name: queue.name, load: this.#loadOf(queue) }))
      .sort((a, b) => a.load - b.load);
    if (best) return best.name;
    const reason = `none of those that live has model "${name}" (${model.hash.slice(0, 8)})`;
    throw new KandidError('worker_unavailable', { reason, retrySeconds: RETRY_SECONDS });
  }

  /** Waiting jobs of models that no worker has any more. */
  get unserved(): readonly QueueFigures[] {
    const hashes = this.#nodes.flatMap(({ known }) => known.models.map(({ hash }) => hash));
    return this.#queues.filter(({ name, waiting }) => waiting > 0 && !hashes.some((hash) => isQueueOf(name, hash)));
  }

  /** Refreshes at once. @throws {KandidError} redis_unavailable */
  async look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { registry } = this.#options;
    const nodes = await registry.nodes();
    const alive = nodes.filter(({ state }) => state === 'ready');
    const queues = await this.#figures(alive);
    [this.#nodes, this.#queues] = [nodes, queues];
    if (alive.length > 0) this.#info = mergedInfo(alive);
  }

  #lookSoon(): void {
    this.look().catch(this.#options.onTrouble);
  }

  #lookLater(): void {
    if (this.#isStopped) return;
    this.#stopTimer = this.#options.clock.after(LOOK_MS, () => {
      const again = () => this.#lookLater();
      this.look().catch(this.#options.onTrouble).then(again, again);
    });
  }

  /** Jobs, running and waiting, per slot of its workers. */
  #loadOf({ name, waiting }: QueueFigures): number {
    const nodes = this.#nodes.filter((node) => node.state === 'ready' && this.#queuesOf(node).includes(name));
    const jobs = nodes.reduce((sum, node) => sum + node.jobs, waiting);
    return (
      jobs /
      Math.max(
        1,
        nodes.reduce((sum, node) => sum + node.places, 0),
      )
    );
  }

  #queuesOf({ known, deviceClass }: KnownNode): string[] {
    return known.models.map(({ hash }) => queueNameOf(hash, deviceClass));
  }

  async #figures(alive: readonly KnownNode[]): Promise<QueueFigures[]> {
    const { link, registry } = this.#options;
    const served = new Map<string, Omit<QueueFigures, 'waiting' | 'oldestSeconds'>>();
    for (const { known, deviceClass } of alive)
      for (const { name: model, hash } of known.models) {
        const name = queueNameOf(hash, deviceClass);
        served.set(name, { name, model, hash, device: deviceClass, nodes: (served.get(name)?.nodes ?? 0) + 1 });
      }
    const left = (await registry.queueNames()).filter((name) => !served.has(name)).map(unservedQueue);
    const all = [...served.values(), ...left];
    const answers = await link.ask(async (redis) => {
      const pipeline = redis.pipeline().time();
      for (const { name } of all)
        pipeline.zcard(link.key('waiting', name)).zrange(link.key('waiting', name), 0, 0, 'WITHSCORES');
      return ((await pipeline.exec()) ?? []).map(([, answer]) => answer);
    });
    const [seconds, micros] = answers[0] as [string, string];
    const now = 1000 * Number(seconds) + Number(micros) / 1000;
    return all.map((queue, i) => {
      const [, since] = answers[2 * i + 2] as string[];
      const oldestSeconds = since === undefined ? 0 : Math.max(0, (now - Number(since)) / 1000);
      return { ...queue, waiting: Number(answers[2 * i + 1]), oldestSeconds };
    });
  }
}

/** A queue that no worker of its class serves. */
function unservedQueue(name: string): Omit<QueueFigures, 'waiting' | 'oldestSeconds'> {
  const at = name.lastIndexOf('-');
  return { name, model: 'unknown', hash: name.slice(0, at), device: name.slice(at + 1), nodes: 0 };
}

/** Merges what workers have: the models of any of them, the guides that all of them have. */
function mergedInfo(nodes: readonly KnownNode[]): WorkerInfo {
  const infos = nodes.map(({ known }) => known);
  const [first] = infos as [WorkerInfo, ...WorkerInfo[]];
  const models = new Map<string, ModelSummary>();
  for (const name of new Set(infos.flatMap((info) => info.models.map((model) => model.name))))
    models.set(name, mostCommon(infos.flatMap((info) => info.models.filter((model) => model.name === name))));
  const hasAll = ({ name }: GuideSummary) => infos.every(({ guides }) => guides.some((guide) => guide.name === name));
  return {
    ...first,
    models: [...models.values()],
    beamBytes: Object.assign({}, ...infos.map(({ beamBytes }) => beamBytes)),
    lexicons: Object.assign({}, ...infos.map(({ lexicons }) => lexicons)),
    guides: first.guides.filter(hasAll),
  };
}

/** Of the bundles with one name, the one that most workers have: during an update both versions exist. */
function mostCommon(models: readonly ModelSummary[]): ModelSummary {
  const count = ({ hash }: ModelSummary) => models.filter((one) => one.hash === hash).length;
  return models.reduce((best, one) => (count(one) > count(best) ? one : best));
}
