/** The one client of the page, and whether its server is there. */
import { computed, effect, signal } from '@preact/signals';
import { type ConnectionState, KandidClient } from '../../client/client.ts';
import { keep, stored } from './storage.ts';

/** Where the page was loaded from, which may be below a prefix; its calls go there too. Without a final slash. */
export const base = new URL('.', location.href).href.replace(/\/$/, '');

/** API key, for servers that want one. */
export const key = signal(stored('key') ?? '');

effect(() => keep('key', key.value));

export const client = computed(
  () => new KandidClient({ url: base, WebSocket, retries: 100, ...(key.value ? { key: key.value } : {}) }),
);

/** For what the browser fetches by itself. */
export function keyHeaders(): Readonly<Record<string, string>> {
  return key.value ? { authorization: `Bearer ${key.value}` } : {};
}

export const connection = signal<ConnectionState>('connecting');

/** A socket takes no longer to open, unless something is wrong. */
const LATE_MS = 4000;
/** Whether none has ever opened, though there was time for it. */
export const neverOpened = signal(false);

/** Without a key there is no use in knocking. */
export const needsKey = signal(false);

effect(() => {
  if (needsKey.value) return;
  const timer = setTimeout(() => {
    neverOpened.value = true;
  }, LATE_MS);
  const leave = client.value.watch((state) => {
    connection.value = state;
    if (state !== 'open') return;
    clearTimeout(timer);
    neverOpened.value = false;
  });
  return () => {
    clearTimeout(timer);
    leave();
  };
});
