/** API clients of the measurements. */
import { createHash } from 'node:crypto';

/** Clients with one API key each; a caller without a key counts as another client. */
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
