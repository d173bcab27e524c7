/** A graph that is opened on first use: those of a large bundle are opened while earlier levels run. */
import { KandidError } from '../errors.ts';
import type { Session } from './session.ts';

/** A graph that can be run, whether it is already open or not. */
export type Runnable = Pick<Session, 'file' | 'run' | 'release'>;

export class LazySession implements Runnable {
  readonly file: string;
  readonly #open: () => Promise<Session>;
  #opening: Promise<Session> | null = null;
  #isReleased = false;

  /** @param open opens and checks the graph; retried after a failure */
  constructor(file: string, open: () => Promise<Session>) {
    this.file = file;
    this.#open = open;
  }

  async run(...given: Parameters<Session['run']>): ReturnType<Session['run']> {
    if (this.#isReleased) throw new KandidError('closed', { when: `before ${this.file} was to run` });
    const session = await this.open();
    return await session.run(...given);
  }

  /** @throws {KandidError} graph_unreadable, bundle_graph */
  open(): Promise<Session> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = null;
      throw error;
    });
    return this.#opening;
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    const session = await this.#opening?.catch(() => null);
    await session?.release();
  }
}
