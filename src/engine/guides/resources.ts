/** Resources that guides share until the engine closes: text towers, networks. */
import { KandidError } from '../../errors.ts';

interface Entry {
  readonly pending: Promise<object>;
  readonly dispose: (() => Promise<void>) | null;
}

export class ResourceCache {
  readonly #entries = new Map<string, Entry>();
  #closed = false;

  /** The resource under a key, created if necessary; after a failure it is created again on the next call. */
  async get<T extends object>(
    key: string,
    make: () => Promise<T>,
    dispose?: (value: T) => Promise<void> | void,
  ): Promise<T> {
    if (this.#closed) throw new KandidError('closed', { when: `before "${key}" was made` });
    const known = this.#entries.get(key);
    if (known) return (await known.pending) as T;
    const pending = make();
    const entry = { pending, dispose: dispose ? async () => await dispose(await pending) : null };
    this.#entries.set(key, entry);
    try {
      return await pending;
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
      throw error;
    }
  }

  /** Frees everything, in reverse order of creation; a failure does not keep the others. */
  async close(): Promise<void> {
    this.#closed = true;
    const entries = [...this.#entries.values()].reverse();
    this.#entries.clear();
    for (const { dispose } of entries) await dispose?.().catch(() => {});
  }
}
