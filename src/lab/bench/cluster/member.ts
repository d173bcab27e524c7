/** A gateway or a worker in a process of its own, which can be killed and started again. */
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

  /** Whether it was ready and was not ended since. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** Resolves when it is ready. @throws {KandidError} internal, with its output */
  async start(): Promise<void> {
    this.#starting = this.#launch();
    await this.#starting;
  }

  /** Kills it in the middle of whatever it does; resolves when it is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Lets it end by itself. */
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
    let said = '';
    for await (const bytes of child.stderr) {
      said = (said + bytes).slice(-2000);
      if (READY.test(said)) break;
    }
    child.stderr.destroy();
    if (this.#child !== child) return;
    if (!READY.test(said))
      throw new KandidError('internal', { reason: `${this.kind} did not start: ${said.trim() || 'no output'}` });
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
