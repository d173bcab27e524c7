/** A gateway or a worker in a separate process, which can be killed and restarted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KandidError } from '../../../errors.ts';

const MAIN = fileURLToPath(new URL(`../../../main${extname(import.meta.url)}`, import.meta.url));
/** Node.js options that are not passed on to child processes. */
const OWN_OPTIONS = /^--(test|inspect|watch|prof|cpu-prof|heap-prof)/;
const READY = /listens on|takes jobs from/;

export class Member {
  readonly kind: 'serve' | 'worker';
  readonly #flags: readonly string[];
  #child: ChildProcess | null = null;
  #isReady = false;
  #starting: Promise<void> = Promise.resolve();

  /** @param flags of the command */
  constructor(kind: 'serve' | 'worker', flags: readonly string[]) {
    this.kind = kind;
    this.#flags = flags;
  }

  /** Whether it is running and ready. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when it is ready. @throws {KandidError} internal, with its output */
  async start(): Promise<void> {
    this.#starting = this.#launch();
    await this.#starting;
  }

  /** Sends SIGKILL; resolves when the process has exited. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Sends SIGTERM, and waits until the process exits by itself. */
  async stop(): Promise<void> {
    await this.#starting.catch(() => {});
    await this.#end('SIGTERM');
  }

  async #launch(): Promise<void> {
    const options = process.execArgv.filter((option) => !OWN_OPTIONS.test(option));
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('KANDID_')));
    const child = spawn(process.execPath, [...options, MAIN, this.kind, ...this.#flags], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    let output = '';
    for await (const bytes of child.stderr) {
      output = (output + bytes).slice(-2000);
      if (READY.test(output)) break;
    }
    child.stderr.destroy();
    if (this.#child !== child) return;
    if (!READY.test(output))
      throw new KandidError('internal', { reason: `${this.kind} did not start: ${output.trim() || 'no output'}` });
    this.#isReady = true;
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = null;
    this.#isReady = false;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}
