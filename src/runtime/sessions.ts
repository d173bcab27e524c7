/** Shares opened graphs within a process, with reference counting. */
import { resolve } from 'node:path';
import { KandidError } from '../errors.ts';
import { createSession, type Session, type SessionOptions } from './session.ts';
import { CPU, deviceName } from './session-device.ts';

interface Entry {
  readonly opening: Promise<Session>;
  users: number;
}

export type Create = (path: string, options: SessionOptions) => Promise<Session>;

/** A set of shared sessions. */
export class Sessions {
  readonly #entries = new Map<string, Entry>();
  readonly #create: Create;

  /** @param create opens a graph; replaced in tests */
  constructor(create: Create = createSession) {
    this.#create = create;
  }

  /** Number of combinations of path and options that are open or being opened. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * The session of a graph file, opened if necessary. Release it when done: the graph stays open for its other users.
   *
   * @throws {KandidError} library_unavailable, graph_unreadable
   */
  async open(path: string, options: SessionOptions = {}): Promise<Session> {
    const { device = CPU, threads = null, isOptimized = true } = options;
    const key = JSON.stringify([resolve(path), deviceName(device), threads, isOptimized]);
    const entry = this.#entries.get(key) ?? { opening: this.#create(path, options), users: 0 };
    this.#entries.set(key, entry);
    entry.users++;
    try {
      return this.#handle(key, entry, await entry.opening);
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
  }

  #handle(key: string, entry: Entry, session: Session): Session {
    let released = false;
    return {
      file: session.file,
      inputs: session.inputs,
      outputs: session.outputs,
      run: async (feeds, fetches, into) => {
        if (released) throw new KandidError('closed', { when: `before ${session.file} was to run` });
        return await session.run(feeds, fetches, into);
      },
      release: async () => {
        if (released) return;
        released = true;
        entry.users--;
        if (entry.users > 0) return;
        this.#entries.delete(key);
        await session.release();
      },
    };
  }
}

/** The sessions of this process. */
export const sessions = new Sessions();
