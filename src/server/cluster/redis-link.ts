/**
 * The connections of one process to Redis. While Redis is unreachable every command fails at once, and the connections
 * retry by themselves: callers keep and resend what must not be lost.
 *
 * Errors of the driver contain the command with its arguments, including the password: only their messages are passed
 * on.
 */
import { KandidError, reasonOf } from '../../errors.ts';
import { type ClusterPackages, clusterPackages, type Redis, type RedisOptions } from './packages.ts';

export interface LinkOptions {
  /** redis://user:password@host:port/database, or rediss:// for TLS. */
  readonly url: string;
  /** Prefix of its keys. */
  readonly prefix: string;
  /** Name of the connections in Redis' list of clients. */
  readonly name: string;
  /** A command that takes longer fails, and Redis counts as unreachable. @default 5000 */
  readonly commandMs?: number | undefined;
  /** Called for connection problems, once per lost connection. @default ignored */
  readonly onTrouble?: ((reason: string) => void) | undefined;
}

const COMMAND_MS = 5000;
const CONNECT_MS = 3000;
/** Longer than any blocking wait for a job (10 s): a connection silent for this long is dead. */
const LONGEST_SILENCE_MS = 15_000;
const FIRST_RETRY_MS = 50;
const LAST_RETRY_MS = 1000;
const RETRY_SECONDS = 2;
const OLDEST_MAJOR = 7;

export class RedisLink {
  readonly prefix: string;
  /** Address without user and password. */
  readonly address: string;
  readonly packages: ClusterPackages;
  /** The connection for commands. */
  readonly redis: Redis;
  readonly #options: LinkOptions;
  readonly #subscriber: Redis;
  readonly #listeners = new Map<string, Set<() => void>>();
  #isReported = false;
  readonly #shared = new Map<string, Promise<Redis>>();

  private constructor(options: LinkOptions, packages: ClusterPackages) {
    this.#options = options;
    this.prefix = options.prefix;
    this.address = addressOf(options.url);
    this.packages = packages;
    this.redis = this.client('commands');
    this.#subscriber = this.client('news');
    this.#subscriber.on('message', (channel: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener();
    });
    // Notifications may have been missed while disconnected.
    this.#subscriber.on('ready', () => {
      for (const listeners of this.#listeners.values()) for (const listener of listeners) listener();
    });
    this.redis.on('ready', () => {
      this.#isReported = false;
    });
  }

  /**
   * Connects, and checks the server.
   *
   * @throws {KandidError} package_missing, redis_unavailable, redis_unfit if it is too old or evicts keys
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

  /** Whether commands are accepted now. */
  get isUp(): boolean {
    return this.redis.status === 'ready';
  }

  /** Why commands are not accepted; null if they are. */
  get problem(): KandidError | null {
    return this.isUp ? null : this.#away('the connection is lost');
  }

  /** Creates another connection to the same server. */
  client(purpose: string, more: RedisOptions = { commandTimeout: this.#commandMs }): Redis {
    const client = new this.packages.Redis(this.#options.url, {
      lazyConnect: true,
      connectionName: `${this.#options.name} ${purpose}`,
      connectTimeout: CONNECT_MS,
      enableOfflineQueue: false,
      // A command in flight may have been executed: only its sender knows whether it may be repeated.
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (times) => Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(times, 10)),
      reconnectOnError: (error) => /READONLY|UNBLOCKED/.test(error.message),
      ...more,
    });
    client.on('error', (error: Error) => this.reportProblem(error));
    return client;
  }

  /**
   * A connection shared by all BullMQ queues: to add jobs, or to claim them. Workers that wait for jobs duplicate the
   * one for claims: blocking commands have no time limit of their own, because a reply that arrived too late would be a
   * job's lost wake-up call.
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
    // BullMQ requires this.
    const client = this.client(purpose, { maxRetriesPerRequest: null, ...limit });
    try {
      await this.ask(() => client.connect());
      return client;
    } catch (error) {
      client.disconnect();
      throw error;
    }
  }

  /** Reports a problem once until the connection is back. */
  reportProblem(error: unknown): void {
    if (this.#isReported) return;
    this.#isReported = true;
    this.#options.onTrouble?.(`${this.address}: ${reasonOf(error)}`);
  }

  /** Runs commands. @throws {KandidError} redis_unavailable, for any error of Redis or the connection */
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
   * Calls `listener` on each message of a channel, and after a reconnection, since messages may have been missed.
   * Resolves once subscribed, to a function that unsubscribes.
   */
  async listen(channel: string, listener: () => void): Promise<() => void> {
    const name = this.key(channel);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    // If the connection is lost now, it subscribes again after the reconnection.
    await this.#subscriber.subscribe(name).catch((error: unknown) => this.reportProblem(error));
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
        `its policy is ${policy}: it would evict jobs when its memory is full`,
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

/** Host, port and database of a URL; user and password are kept out of logs and responses. */
export function addressOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

/** Parses the reply of INFO. */
function fieldsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    text
      .split(/\r?\n/)
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}
