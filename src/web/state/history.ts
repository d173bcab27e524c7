/** Pictures that were made here, newest first. They are kept in the browser (IndexedDB); codes, not pictures: those are drawn from them. */
import { signal } from '@preact/signals';
import type { Recipe } from './recipe.ts';

export interface SavedPicture {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly model: string;
  readonly hash: string;
  readonly codeString: string;
  /** Of its request, with the seed that was drawn. */
  readonly recipe: Recipe;
}

/** One picture is remembered once, however often it is made. */
export function idOf({ model, hash, codeString }: Pick<SavedPicture, 'model' | 'hash' | 'codeString'>): string {
  return `${model}@${hash.slice(0, 8)}/${codeString}`;
}

export const history = signal<readonly SavedPicture[]>([]);
/** Why history is not kept, where it is not. */
export const historyProblem = signal<string | null>(null);

const STORE = 'made';
const MOST = 1000;

const opening: Promise<IDBDatabase | null> = new Promise((resolve) => {
  const give = () => {
    historyProblem.value = 'This browser keeps no data for this page: the history lasts until it is closed.';
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

/** Brings back what was kept. */
export async function loadHistory(): Promise<void> {
  const store = await storeFor('readonly');
  if (!store) return;
  const all = await requested<SavedPicture[]>(store.getAll());
  const known = new Set(history.value.map(({ id }) => id));
  const old = all.filter(({ id }) => !known.has(id)).sort((a, b) => b.at - a.at);
  history.value = [...history.value, ...old];
}

/** Newest first, as the list is. */
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
