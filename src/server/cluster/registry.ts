/** The workers of a cluster as registered in Redis, each with a periodic heartbeat. */
import type { WorkerInfo } from '../../worker/messages.ts';
import { digestOf, type NodeReport } from './node.ts';
import type { RedisLink } from './redis-link.ts';

/** How long models and guides are kept after the last worker that had them. */
const INFO_MS = 86_400_000;

export interface KnownNode extends NodeReport {
  readonly known: WorkerInfo;
}

export class Registry {
  readonly #link: RedisLink;
  readonly #infos = new Map<string, WorkerInfo>();

  constructor(link: RedisLink) {
    this.#link = link;
  }

  /** Reports a live worker, valid for `lifeMs`. @throws {KandidError} redis_unavailable */
  async report(node: Omit<NodeReport, 'info'>, info: WorkerInfo, lifeMs: number): Promise<void> {
    const digest = digestOf(info);
    const report: NodeReport = { ...node, info: digest };
    const key = (kind: string, name?: string) => this.#link.key(kind, name);
    await this.#link.ask(async (redis) => {
      const [isKnown] = await Promise.all([
        redis.pexpire(key('info', digest), INFO_MS),
        redis.set(key('node', node.id), JSON.stringify(report), 'PX', Math.round(lifeMs)),
        redis.sadd(key('nodes'), node.id),
      ]);
      if (isKnown === 0) await redis.set(key('info', digest), JSON.stringify(info), 'PX', INFO_MS);
    });
  }

  /** Removes a worker that stops. */
  async remove(id: string): Promise<void> {
    await this.#link.ask(async (redis) => {
      await redis.del(this.#link.key('node', id));
      await redis.srem(this.#link.key('nodes'), id);
      await redis.publish(this.#link.key('fleet'), id);
    });
  }

  /** Notifies the gateways of a change. */
  async announce(id: string): Promise<void> {
    await this.#link.ask((redis) => redis.publish(this.#link.key('fleet'), id));
  }

  /** The live workers. @throws {KandidError} redis_unavailable */
  async nodes(): Promise<KnownNode[]> {
    const key = (kind: string, name?: string) => this.#link.key(kind, name);
    return await this.#link.ask(async (redis) => {
      const ids = await redis.smembers(key('nodes'));
      const reports = ids.length === 0 ? [] : await redis.mget(ids.map((id) => key('node', id)));
      const dead = ids.filter((_, i) => reports[i] === null);
      if (dead.length > 0) await redis.srem(key('nodes'), ...dead);
      const alive: KnownNode[] = [];
      for (const text of reports) {
        const report = text === null || text === undefined ? null : (JSON.parse(text) as NodeReport);
        const known = report && (await this.#infoOf(report.info));
        if (report && known) alive.push({ ...report, known });
      }
      return alive.sort((a, b) => (a.id < b.id ? -1 : 1));
    });
  }

  /** Names of all queues that ever had jobs. @throws {KandidError} redis_unavailable */
  async queueNames(): Promise<string[]> {
    return await this.#link.ask((redis) => redis.smembers(this.#link.key('queues')));
  }

  async #infoOf(digest: string): Promise<WorkerInfo | null> {
    const known = this.#infos.get(digest);
    if (known) return known;
    const text = await this.#link.redis.get(this.#link.key('info', digest));
    if (text === null) return null;
    const info = JSON.parse(text) as WorkerInfo;
    this.#infos.set(digest, info);
    return info;
  }
}
