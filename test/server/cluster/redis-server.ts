/** A Redis server for a test file: on a free port, in a temporary folder, stopped after the tests. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { RedisLink } from '../../../src/server/cluster/redis-link.ts';

const BINARY = process.env.KANDID_TEST_REDIS_SERVER ?? 'redis-server';

/** Why tests with Redis are skipped if it is not installed; `.ci/run` installs it. */
export const noRedis: string | false = (() => {
  try {
    execFileSync(BINARY, ['--version'], { stdio: 'ignore' });
    return false;
  } catch {
    if (process.env.KANDID_TEST_REDIS === 'required') throw new Error(`${BINARY} is not installed`);
    return `${BINARY} is not installed`;
  }
})();

/** Cleanup after the tests of the file, in reverse order. */
export const cleanups: (() => unknown)[] = [];
after(async () => {
  for (const cleanUp of cleanups.reverse()) await cleanUp();
});

export class RedisServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'kandid-redis-'));
  readonly port: number;
  readonly #more: readonly string[];
  #process: ChildProcess | null = null;

  private constructor(port: number, more: readonly string[]) {
    this.port = port;
    this.#more = more;
  }

  /** Started now, and stopped after the tests of the file. @param more configuration, as flags */
  static async start(...more: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), more);
    await server.start();
    cleanups.push(() => server.remove());
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = ['--bind', '127.0.0.1', '--appendonly', 'yes', '--save', '', '--dir', this.folder];
    const child = spawn(BINARY, ['--port', String(this.port), ...options, ...this.#more], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    let said = '';
    for await (const bytes of child.stdout) {
      said += bytes;
      if (said.includes('Ready to accept connections')) break;
    }
    child.stdout.destroy();
    if (!said.includes('Ready to accept connections')) throw new Error(`redis-server: ${said}`);
  }

  /** Suspends and resumes the process, like an interrupted network. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async remove(): Promise<void> {
    this.thaw();
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

let prefixes = 0;

/** A connection with its own key prefix, closed after the tests of the file. */
export async function linkTo({ url }: { readonly url: string }, prefix = `t${prefixes++}`): Promise<RedisLink> {
  const link = await RedisLink.open({ url, prefix, name: 'test' });
  cleanups.push(() => link.close());
  return link;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || !address) throw new Error('no port');
  return address.port;
}
