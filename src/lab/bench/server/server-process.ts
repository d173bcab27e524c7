/** A server in a separate process, as started by `kandid serve`. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KandidError } from '../../../errors.ts';
import { ask } from './http-client.ts';

export interface ServerOptions {
  /** Folders of models. */
  readonly models: readonly string[];
  readonly model: string;
  readonly device?: string | undefined;
  readonly threads?: number | undefined;
  /** Settings that are not the defaults. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

const MAIN = fileURLToPath(new URL(`../../../main${extname(import.meta.url)}`, import.meta.url));
/** Node.js options that are not passed on to child processes. */
const OWN_OPTIONS = /^--(test|inspect|watch|prof|cpu-prof|heap-prof)/;
const START_MS = 120_000;
const STOP_MS = 60_000;

interface Started {
  /** Arguments of Node.js. */
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export class ServerProcess {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  readonly #started: Started;
  #hasStopped = false;

  private constructor(child: ChildProcess, exited: Promise<number | null>, url: string, started: Started) {
    this.#child = child;
    this.#started = started;
    this.#exited = exited;
    this.url = url;
  }

  /** Resolves when the server is ready. Its log is written, but discarded. @throws {KandidError} internal, with its output */
  static async start({ models, model, device, threads, settings = {} }: ServerOptions): Promise<ServerProcess> {
    const options = process.execArgv.filter((option) => !OWN_OPTIONS.test(option));
    const flags = [
      ...['serve', '--host', '127.0.0.1', '--port', '0', '--model', model],
      ...models.flatMap((folder) => ['--models', folder]),
      ...(device === undefined ? [] : ['--device', device]),
      ...(threads === undefined ? [] : ['--threads', String(threads)]),
      ...Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
    ];
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KANDID_')));
    const command = [...options, MAIN, ...flags];
    const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const exited = once(child, 'close').then(([code]) => code as number | null);
    const url = await addressOf(child, exited);
    return new ServerProcess(child, exited, url, { command, env });
  }

  /** Whether the server process is running. */
  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Its Prometheus metrics without labels. */
  async figures(): Promise<ReadonlyMap<string, number>> {
    const { body } = await ask(`${this.url}/metrics`);
    const lines = body.toString().matchAll(/^(\w+) ([-+\d.e]+|NaN)$/gim);
    return new Map([...lines].map(([, name = '', value]) => [name, Number(value)]));
  }

  /** Resident memory in MiB, of the server and its worker processes. */
  async memory(): Promise<{ readonly server: number; readonly workers: number; readonly all: number }> {
    const figures = await this.figures();
    const mib = (name: string) => (figures.get(name) ?? 0) / 2 ** 20;
    const [server, workers] = [mib('process_resident_memory_bytes'), mib('kandid_workers_memory_bytes')];
    return { server, workers, all: server + workers };
  }

  /** Whether it was stopped by `stop`. */
  get hasStopped(): boolean {
    return this.#hasStopped;
  }

  /** Stated maximum of memory of its processes, in bytes. */
  async footprint(): Promise<{ readonly serverBytes: number; readonly workerBytes: number }> {
    const { command, env } = this.#started;
    const child = spawn(process.execPath, [...command, '--print-config'], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    await once(child, 'close');
    const { atMost } = JSON.parse(text) as { atMost: { serverBytes: number; workerBytes: number } };
    return atMost;
  }

  /** Process ids of its worker processes. */
  workers(): number[] {
    return childrenOf(this.#child.pid as number);
  }

  /** Sends SIGTERM; a server that releases everything then exits by itself. */
  async stop(): Promise<{ readonly code: number | null; readonly ms: number }> {
    this.#hasStopped = true;
    const started = performance.now();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    this.#child.kill('SIGTERM');
    const code = await this.#exited;
    clearTimeout(timer);
    return { code, ms: performance.now() - started };
  }
}

async function addressOf(child: ChildProcess, exited: Promise<unknown>): Promise<string> {
  let output = '';
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS);
  const listens = new Promise<string>((resolve) => {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-2000);
      const url = /listens on (http:\S+)/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
  });
  const failed = exited.then(() => {
    throw new KandidError('internal', { reason: `the server did not start: ${output.trim() || 'no output'}` });
  });
  failed.catch(() => {});
  try {
    return await Promise.race([listens, failed]);
  } finally {
    clearTimeout(timer);
  }
}

/** From the process table: /proc if there is one. */
function childrenOf(pid: number): number[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).split('\n');
    const pairs = lines.map((line) => line.trim().split(/\s+/).map(Number));
    return pairs.flatMap(([child = 0, parent]) => (parent === pid ? [child] : []));
  }
  return text.trim().split(' ').filter(Boolean).map(Number);
}
