/** Sessions of the Model Context Protocol over HTTP: each of one client, so many of each and in all. */
import type { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';

export interface McpSession {
  /** Whose it is; to others it does not exist. */
  readonly client: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** Ends what runs in it. */
  close(): Promise<void>;
}

export interface SessionLimits {
  readonly all: number;
  readonly perClient: number;
}

interface Kept {
  readonly session: McpSession;
  /** Milliseconds. */
  usedAt: number;
}

/** Unused for so long, one is ended when another begins. */
const IDLE_MS = 30 * 60_000;
const RETRY_SECONDS = 5;

export class McpSessions {
  readonly #limits: SessionLimits;
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Kept>();

  constructor(limits: SessionLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Whether another may begin; ends those that nobody has used for long. @throws {KandidError} sockets_full */
  async admit(client: string): Promise<void> {
    const idle = [...this.#sessions].filter(([, { usedAt }]) => this.#clock.now() - usedAt > IDLE_MS);
    // One that cannot be closed well is gone all the same.
    await Promise.allSettled(idle.map(([id]) => this.end(id)));
    const own = [...this.#sessions.values()].filter(({ session }) => session.client === client).length;
    const { all, perClient } = this.#limits;
    const open = this.#sessions.size >= all ? this.#sessions.size : own >= perClient ? own : null;
    if (open !== null) throw new KandidError('sockets_full', { open, retrySeconds: RETRY_SECONDS });
  }

  add(id: string, session: McpSession): void {
    this.#sessions.set(id, { session, usedAt: this.#clock.now() });
  }

  /** @throws {KandidError} session_unknown */
  find(id: string, client: string): McpSession {
    const kept = this.#sessions.get(id);
    if (kept?.session.client !== client) throw new KandidError('session_unknown', { session: id.slice(0, 100) });
    kept.usedAt = this.#clock.now();
    return kept.session;
  }

  /** More than once does no harm. */
  async end(id: string): Promise<void> {
    const kept = this.#sessions.get(id);
    this.#sessions.delete(id);
    await kept?.session.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((id) => this.end(id)));
  }
}
