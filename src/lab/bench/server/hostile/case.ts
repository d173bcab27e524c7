/** One way to harm a server. A case is one file: it is listed in `cases.ts`, and `hostile.ts` runs it on a server of its own. */
import { createHash } from 'node:crypto';
import type { BenchContext } from '../context.ts';
import type { Figure } from '../figure.ts';
import type { ServerProcess } from '../server-process.ts';

export interface HostileCase {
  readonly name: string;
  /** Settings that are not the defaults. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** What the server must still stand afterwards is looked at by `hostile.ts`: it lives, and answers. */
  run(context: BenchContext, server: ServerProcess): Promise<Figure[]>;
}

/** So many clients, told apart by their keys; a caller without a key is another. */
export function keysFor(clients: number): { readonly apiKeys: string } {
  const keys = Array.from({ length: clients }, (_, client) => {
    const sha256 = createHash('sha256').update(keyOf(client)).digest('hex');
    return `client-${client}:${sha256}`;
  });
  return { apiKeys: keys.join(',') };
}

export function authorization(client: number): { readonly authorization: string } {
  return { authorization: `Bearer ${keyOf(client)}` };
}

function keyOf(client: number): string {
  return `bench-key-${client}`;
}
