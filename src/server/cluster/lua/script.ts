/** Lua scripts for Redis; each runs atomically. */
import { createHash } from 'node:crypto';
import type { RedisLink } from '../redis-link.ts';
import { PRELUDE } from './prelude.ts';

export type Argument = string | number | Uint8Array;

export class Script {
  readonly #text: string;
  readonly #sha: string;

  /** @param body the script after the prelude; its arguments are `arg[1]`, … */
  constructor(body: string) {
    this.#text = `${PRELUDE}\n${body}`;
    this.#sha = createHash('sha1').update(this.#text).digest('hex');
  }

  /** Runs the script; strings in the result are bytes. @throws {KandidError} redis_unavailable */
  async run(link: RedisLink, ...args: readonly Argument[]): Promise<unknown> {
    const rest = [link.prefix, ...args].map((one) => (one instanceof Uint8Array ? Buffer.from(one) : String(one)));
    return await link.ask(async (redis) => {
      try {
        return await redis.callBuffer('EVALSHA', [this.#sha, 0, ...rest]);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return await redis.callBuffer('EVAL', [this.#text, 0, ...rest]);
      }
    });
  }

  /** Runs the script; the result as strings. @throws {KandidError} redis_unavailable */
  async strings(link: RedisLink, ...args: readonly Argument[]): Promise<[word: string, ...more: string[]]> {
    const answer = await this.run(link, ...args);
    return (Array.isArray(answer) ? answer : [answer]).map(String) as [string, ...string[]];
  }
}
