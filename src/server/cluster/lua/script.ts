/** Lua scripts of Redis: each runs as one step that nobody else sees the middle of. */
import { createHash } from 'node:crypto';
import type { RedisLink } from '../redis-link.ts';
import { PRELUDE } from './prelude.ts';

export type Argument = string | number | Uint8Array;

export class Script {
  readonly #text: string;
  readonly #sha: string;

  /** @param body what follows the prelude; its own arguments are `arg[1]`, … */
  constructor(body: string) {
    this.#text = `${PRELUDE}\n${body}`;
    this.#sha = createHash('sha1').update(this.#text).digest('hex');
  }

  /** What it returns, texts as bytes. @throws {KandidError} redis_unavailable */
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

  /** What it returns, all of it as texts. @throws {KandidError} redis_unavailable */
  async words(link: RedisLink, ...args: readonly Argument[]): Promise<[word: string, ...more: string[]]> {
    const answer = await this.run(link, ...args);
    return (Array.isArray(answer) ? answer : [answer]).map(String) as [string, ...string[]];
  }
}
