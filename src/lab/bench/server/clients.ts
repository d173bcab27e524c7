/** Clients that the server tells apart. */
import { createHash } from 'node:crypto';

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
