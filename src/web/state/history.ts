/**
 * History of generated pictures, newest first, stored in the browser (IndexedDB). The server renders most pictures from
 * their codes. Those that a code alone does not determine (of conditional models, and whole pictures) are stored as files.
 */
import { signal } from '@preact/signals';
import { excessOf } from './keeping.ts';
import type { Recipe } from './recipe.ts';
import { navigate } from './router.ts';

export interface SavedPicture {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly model: string;
  readonly hash: string;
  readonly codeString: string;
  /** The recipe of its request, with the seed that was used. */
  readonly recipe: Recipe;
  /** Only if the code alone does not determine the picture. */
  readonly kept?: KeptPicture;
}

export interface KeptPicture {
  readonly file: Blob;
  /** The input picture of a conditional model, as a data URL. */
  readonly condition?: string;
  /** Total size, including the recipe. */
  readonly bytes: number;
}

/** The same for equal pictures, so that a picture is stored once. */
export function idOf({ model, hash, codeString }: Pick<SavedPicture, 'model' | 'hash' | 'codeString'>): string {
  return `${model}@${hash.slice(0, 8)}/${codeString}`;
}

/** A unique id for a kept picture, since different ones may have the same code. */
export function keptId(saved: Parameters<typeof idOf>[0]): string {
  return `${idOf(saved)}~${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}`;
}

export const history = signal<readonly SavedPicture[]>([]);
/** Why the history is not stored; null if it is. */
export const historyProblem = signal<string | null>(null);

const STORE = 'made';
const MAX_ENTRIES = 1000;
/** Total size limit of kept pictures. */
const MAX_BYTES = 64 * 2 ** 20;

const opening: Promise<IDBDatabase | null> = new Promise((resolve) => {
  const fail = () => {
    historyProblem.value =
      'This browser does not store data for this page: the history is lost when the page is closed.';
    resolve(null);
  };
  try {
    const request = indexedDB.open('kandid', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' }).createIndex('at', 'at');
    request.onsuccess = () => resolve(request.result);
    request.onerror = fail;
    request.onblocked = fail;
  } catch {
    fail();
  }
});

/** A kept picture that the Edit view is to open. */
export const toEdit = signal<SavedPicture | null>(null);

export function openInEdit(saved: SavedPicture): void {
  toEdit.value = saved;
  navigate('edit');
}

/** Loads the stored history. */
export async function loadHistory(): Promise<void> {
  const store = await storeFor('readonly');
  if (!store) return;
  const all = await requested<SavedPicture[]>(store.getAll());
  const known = new Set(history.value.map(({ id }) => id));
  const old = all.filter(({ id }) => !known.has(id)).sort((a, b) => b.at - a.at);
  history.value = [...history.value, ...old];
}

/** Adds pictures at the front, and deletes the oldest ones beyond the limits. */
export async function remember(saved: readonly SavedPicture[]): Promise<void> {
  const ids = new Set(saved.map(({ id }) => id));
  const all = [...saved, ...history.value.filter(({ id }) => !ids.has(id))];
  const excess = new Set(excessOf(all, { count: MAX_ENTRIES, bytes: MAX_BYTES }));
  history.value = all.filter((one) => !excess.has(one));
  const store = await storeFor('readwrite');
  for (const one of saved) if (!excess.has(one)) store?.put(one);
  for (const { id } of excess) store?.delete(id);
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
