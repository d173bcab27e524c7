/** History of generated pictures, newest first, stored in the browser (IndexedDB) as codes, from which the server renders the pictures. */
import { signal } from '@preact/signals';
import type { Recipe } from './recipe.ts';

export interface SavedPicture {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly model: string;
  readonly hash: string;
  readonly codeString: string;
  /** The recipe of its request, with the seed that was used. */
  readonly recipe: Recipe;
}

/** A picture is stored once, however often it is generated. */
export function idOf({ model, hash, codeString }: Pick<SavedPicture, 'model' | 'hash' | 'codeString'>): string {
  return `${model}@${hash.slice(0, 8)}/${codeString}`;
}

export const history = signal<readonly SavedPicture[]>([]);
/** Why the history is not stored; empty if it is. */
export const historyProblem = signal<string | null>(null);

const STORE = 'made';
const MOST = 1000;

const opening: Promise<IDBDatabase | null> = new Promise((resolve) => {
  const give = () => {
    historyProblem.value =
      'This browser does not store data for this page: the history is lost when the page is closed.';
    resolve(null);
  };
  try {
    const request = indexedDB.open('kandid', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' }).createIndex('at', 'at');
    request.onsuccess = () => resolve(request.result);
    request.onerror = give;
    request.onblocked = give;
  } catch {
    give();
  }
});

/** Loads the stored history. */
export async function loadHistory(): Promise<void> {
  const store = await storeFor('readonly');
  if (!store) return;
  const all = await requested<SavedPicture[]>(store.getAll());
  const known = new Set(history.value.map(({ id }) => id));
  const old = all.filter(({ id }) => !known.has(id)).sort((a, b) => b.at - a.at);
  history.value = [...history.value, ...old];
}

/** Compares by time, newest first. */
export async function remember(saved: readonly SavedPicture[]): Promise<void> {
  const ids = new Set(saved.map(({ id }) => id));
  const all = [...saved, ...history.value.filter(({ id }) => !ids.has(id))];
  history.value = all.slice(0, MOST);
  const store = await storeFor('readwrite');
  for (const one of saved) store?.put(one);
  for (const { id } of all.slice(MOST)) store?.delete(id);
}

export async function forget(id: string): Promise<void> {
  history.value = history.value.filter((one) => one.id !== id);
  (await storeFor('readwrite'))?.delete(id);
}

export async function forgetAll(): Promise<void> {
  history.value = [];
  (await storeFor('readwrite'))?.clear();
}

async function storeFor(mode: IDBTransactionMode): Promise<IDBObjectStore | null> {
  return (await opening)?.transaction(STORE, mode).objectStore(STORE) ?? null;
}

function requested<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error);
  });
}
