/** The client of the page, and the state of its connection. */
import { computed, effect, signal } from '@preact/signals';
import { type ConnectionState, KandidClient } from '../../client/client.ts';
import { keep, stored } from './storage.ts';

/** Base URL of the page and of its API calls, possibly with a path prefix; without a trailing slash. */
export const base = new URL('.', location.href).href.replace(/\/$/, '');

/** API key, for servers that require one. */
export const key = signal(stored('key') ?? '');

effect(() => keep('key', key.value));

export const client = computed(
  () => new KandidClient({ url: base, WebSocket, retries: 100, ...(key.value ? { key: key.value } : {}) }),
);

/** Headers of the page's own fetch calls. */
export function keyHeaders(): Readonly<Record<string, string>> {
  return key.value ? { authorization: `Bearer ${key.value}` } : {};
}

export const connection = signal<ConnectionState>('connecting');

/** Time after which a socket that has not opened counts as blocked. */
const LATE_MS = 4000;
/** Whether no socket has opened within that time. */
export const neverOpened = signal(false);

/** Whether the server requires a key that is missing; no connection is tried meanwhile. */
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
