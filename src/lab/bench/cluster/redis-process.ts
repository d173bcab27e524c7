/** A Redis server of the measurement: on a free port, in a temporary folder, with an append-only file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KandidError, reasonOf } from '../../../errors.ts';

const READY = 'Ready to accept connections';

export class RedisProcess {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'kandid-redis-'));
  #child: ChildProcess | null = null;

  private constructor(port: number) {
    this.port = port;
  }

  /** @throws {KandidError} internal: Redis is not installed, or did not start */
  static async start(): Promise<RedisProcess> {
    const redis = new RedisProcess(await freePort());
    await redis.#launch();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Restarts it with the data of its append-only file. */
  async restart(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    await this.#end(signal);
    await this.#launch();
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #launch(): Promise<void> {
    const flags = ['--bind', '127.0.0.1', '--appendonly', 'yes', '--save', '', '--dir', this.#folder];
    const child = spawn('redis-server', ['--port', String(this.port), ...flags], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#child = child;
    const failed = once(child, 'error').then(([error]) => {
      throw new KandidError('internal', { reason: `redis-server could not be started: ${reasonOf(error)}` });
    });
    failed.catch(() => {});
    const ready = (async () => {
      let output = '';
      for await (const bytes of child.stdout) {
        output += bytes;
        if (output.includes(READY)) return;
      }
      throw new KandidError('internal', { reason: `redis-server ended: ${output.slice(-300)}` });
    })();
    await Promise.race([ready, failed]);
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}
