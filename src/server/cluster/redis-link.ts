/**
 * The connections of one process to Redis. While Redis is away every command fails at once, and the connections try again by
 * themselves: what must not be lost is kept, and sent again, by those who send it.
 *
 * Errors of the driver hold the command with its arguments, the password among them: only their messages are passed on.
 */
import { KandidError, reasonOf } from '../../errors.ts';
import { type ClusterPackages, clusterPackages, type Redis, type RedisOptions } from './packages.ts';

export interface LinkOptions {
  /** redis://user:password@host:port/database, or rediss:// for TLS. */
  readonly url: string;
  /** What its keys begin with. */
  readonly prefix: string;
  /** How the connections are called in Redis' own list of clients. */
  readonly name: string;
  /** A command that takes longer has failed: a Redis so slow counts as away. @default 5000 */
  readonly commandMs?: number | undefined;
  /** Told of troubles with the connection, once for each time that it is lost. @default nobody */
  readonly onTrouble?: ((reason: string) => void) | undefined;
}

const COMMAND_MS = 5000;
const CONNECT_MS = 3000;
/** Longer than anything waits in Redis for a job (10 s): a connection that says nothing for so long is dead. */
const LONGEST_SILENCE_MS = 15_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;
const RETRY_SECONDS = 2;
const OLDEST_MAJOR = 7;

export class RedisLink {
  readonly prefix: string;
  /** Where it is, without user and password. */
  readonly address: string;
  readonly packages: ClusterPackages;
  /** For commands. */
  readonly redis: Redis;
  readonly #options: LinkOptions;
  readonly #subscriber: Redis;
  readonly #listeners = new Map<string, Set<() => void>>();
  #isTold = false;
  readonly #shared = new Map<string, Promise<Redis>>();

  private constructor(options: LinkOptions, packages: ClusterPackages) {
    this.#options = options;
    this.prefix = options.prefix;
    this.address = addressOf(options.url);
    this.packages = packages;
    this.redis = this.client('commands');
    this.#subscriber = this.client('news');
    this.#subscriber.on('message', (channel: string) => {
      for (const tell of this.#listeners.get(channel) ?? []) tell();
    });
    // What was said while nobody listened is looked up.
    this.#subscriber.on('ready', () => {
      for (const listeners of this.#listeners.values()) for (const tell of listeners) tell();
    });
    this.redis.on('ready', () => {
      this.#isTold = false;
    });
  }

  /**
   * Connects, and looks at what is there.
   *
   * @throws {KandidError} package_missing, redis_unavailable, redis_unfit: too old, or one that evicts keys
   */
  static async open(options: LinkOptions): Promise<RedisLink> {
    const link = new RedisLink(options, await clusterPackages());
    try {
      await link.ask(async () => {
        await Promise.all([link.redis.connect(), link.#subscriber.connect()]);
      });
      await link.checkFit();
      return link;
    } catch (error) {
      link.close();
      throw error;
    }
  }

  /** Whether commands are taken now. */
  get isUp(): boolean {
    return this.redis.status === 'ready';
  }

  /** Why commands are not taken; null where they are. */
  get problem(): KandidError | null {
    return this.isUp ? null : this.#away('the connection is lost');
  }

  /** Another connection to the same place. */
  client(purpose: string, more: RedisOptions = { commandTimeout: this.#commandMs }): Redis {
    const client = new this.packages.Redis(this.#options.url, {
      lazyConnect: true,
      connectionName: `${this.#options.name} ${purpose}`,
      connectTimeout: CONNECT_MS,
      enableOfflineQueue: false,
      // What was on its way may have been done: only those who sent it know whether it may be done twice.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(times, 10)),
      reconnectOnError: (error) => /READONLY|UNBLOCKED/.test(error.message),
      ...more,
    });
    client.on('error', (error: Error) => this.tellTrouble(error));
    return client;
  }

  /**
   * A connection that all of BullMQ's queues share: to give jobs, or to claim them. Those that wait for jobs have another one
   * each, made from that for claims: what waits in Redis has no time limit of its own here, or an answer that came too late would be a job's
   * wake-up call that nobody heard.
   *
   * @throws {KandidError} redis_unavailable
   */
  async forQueues(purpose: 'pushes' | 'claims'): Promise<Redis> {
    const connecting = this.#shared.get(purpose) ?? this.#connect(purpose);
    this.#shared.set(purpose, connecting);
    try {
      return await connecting;
    } catch (error) {
      this.#shared.delete(purpose);
      throw error;
    }
  }

  async #connect(purpose: 'pushes' | 'claims'): Promise<Redis> {
    const limit = purpose === 'claims' ? { socketTimeout: LONGEST_SILENCE_MS } : { commandTimeout: this.#commandMs };
    // As BullMQ wants it.
    const client = this.client(purpose, { maxRetriesPerRequest: null, ...limit });
    try {
      await this.ask(() => client.connect());
      return client;
    } catch (error) {
      client.disconnect();
      throw error;
    }
  }

  /** Tells of a trouble, once until the connection is back. */
  tellTrouble(error: unknown): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#options.onTrouble?.(`${this.address}: ${reasonOf(error)}`);
  }

  /** @throws {KandidError} redis_unavailable, for whatever Redis or the connection throws */
  async ask<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    try {
      return await work(this.redis);
    } catch (error) {
      if (error instanceof KandidError) throw error;
      throw this.#away(reasonOf(error));
    }
  }

  key(kind: string, name?: string): string {
    return name === undefined ? `${this.prefix}:${kind}` : `${this.prefix}:${kind}:${name}`;
  }

  /**
   * Calls back when somebody says something on a channel, and after the connection was lost, for something may have been said
   * meanwhile. Resolves when it listens; gives what ends that.
   */
  async listen(channel: string, listener: () => void): Promise<() => void> {
    const name = this.key(channel);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    // Where the connection is lost now, it listens again when it is back.
    await this.#subscriber.subscribe(name).catch((error: unknown) => this.tellTrouble(error));
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#listeners.get(name) !== listeners) return;
      this.#listeners.delete(name);
      this.#subscriber.unsubscribe(name).catch(() => {});
    };
  }

  /** @throws {KandidError} redis_unavailable, redis_unfit */
  async checkFit(): Promise<{ readonly version: string; readonly memory: number; readonly appendOnly: boolean }> {
    const info = fieldsOf(await this.ask((redis) => redis.info()));
    const version = info.valkey_version ?? info.redis_version ?? '';
    const refuse = (problem: string, remedy: string) =>
      new KandidError('redis_unfit', { address: this.address, problem, remedy });
    if (Number(version.split('.')[0]) < OLDEST_MAJOR)
      throw refuse(`it is version ${version}, expected ${OLDEST_MAJOR} or later`, 'Update it, or use Valkey.');
    const policy = info.maxmemory_policy ?? 'unknown';
    if (policy !== 'noeviction')
      throw refuse(
        `its policy is ${policy}: when its memory is full it would throw jobs away`,
        'Set maxmemory-policy noeviction in its configuration.',
      );
    return { version, memory: Number(info.used_memory), appendOnly: info.aof_enabled === '1' };
  }

  close(): void {
    this.#listeners.clear();
    this.redis.disconnect();
    for (const connecting of this.#shared.values())
      connecting.then(
        (client) => client.disconnect(),
        () => {},
      );
    this.#subscriber.disconnect();
  }

  get #commandMs(): number {
    return this.#options.commandMs ?? COMMAND_MS;
  }

  #away(reason: string): KandidError {
    return new KandidError('redis_unavailable', { address: this.address, reason, retrySeconds: RETRY_SECONDS });
  }
}

/** Host, port and database of a URL; user and password stay out of logs and answers. */
export function addressOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

/** Of INFO. */
function fieldsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}
