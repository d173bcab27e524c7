/** The one client of the page, and whether its server is there. */
import { computed, effect, signal } from '@preact/signals';
import { type ConnectionState, KandidClient } from '../../client/client.ts';
import { keep, stored } from './storage.ts';

/** API key, for servers that want one. */
export const key = signal(stored('key') ?? '');

effect(() => keep('key', key.value));

export const client = computed(
  () => new KandidClient({ url: location.origin, WebSocket, retries: 100, ...(key.value ? { key: key.value } : {}) }),
);

export const connection = signal<ConnectionState>('connecting');

/** Without a key there is no use in knocking. */
export const needsKey = signal(false);

effect(() => {
  if (needsKey.value) return;
  return client.value.watch((state) => {
    connection.value = state;
  });
});
