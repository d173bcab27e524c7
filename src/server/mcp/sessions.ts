/** Sessions of the Model Context Protocol over HTTP: each belongs to one client, limited per client and in total. */
import type { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { KandidError } from '../../errors.ts';
import type { Clock } from '../../kit/clock.ts';

export interface McpSession {
  /** Name of the owner; other clients cannot see the session. */
  readonly client: string;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** Cancels what runs in it. */
  close(): Promise<void>;
}

export interface SessionLimits {
  readonly all: number;
  readonly perClient: number;
}

interface Kept {
  readonly session: McpSession;
  /** Milliseconds of the clock. */
  usedAt: number;
}

/** A session idle for longer is closed when another one starts. */
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

  /** Closes idle sessions and checks that another may start. @throws {KandidError} sockets_full */
  async admit(client: string): Promise<void> {
    const idle = [...this.#sessions].filter(([, { usedAt }]) => this.#clock.now() - usedAt > IDLE_MS);
    // A session that fails to close is gone all the same.
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

  /** Repeated calls have no effect. */
  async end(id: string): Promise<void> {
    const kept = this.#sessions.get(id);
    this.#sessions.delete(id);
    await kept?.session.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.keys()].map((id) => this.end(id)));
  }
}
