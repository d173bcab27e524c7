/**
 * History of generated pictures, newest first, stored in the browser (IndexedDB) as codes, from which the server renders the
 * pictures. Of those that their code alone does not draw, the file is stored.
 */
import { signal } from '@preact/signals';
import { tooMany } from './keeping.ts';
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
  /** Where the code alone does not draw it. */
  readonly kept?: KeptPicture;
}

export interface KeptPicture {
  readonly file: Blob;
  /** What a conditional model started from, as a data URL. */
  readonly condition?: string;
  /** What all of it takes, its recipe included. */
  readonly bytes: number;
}

/** A picture is stored once, however often it is generated. */
export function idOf({ model, hash, codeString }: Pick<SavedPicture, 'model' | 'hash' | 'codeString'>): string {
  return `${model}@${hash.slice(0, 8)}/${codeString}`;
}

/** Of a picture that its code alone does not draw: others have the same code. */
export function keptId(saved: Parameters<typeof idOf>[0]): string {
  return `${idOf(saved)}~${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}`;
}

export const history = signal<readonly SavedPicture[]>([]);
/** Why the history is not stored; empty if it is. */
export const historyProblem = signal<string | null>(null);

const STORE = 'made';
const MAX = 1000;
/** Of pictures that are kept as files. */
const MAX_BYTES = 64 * 2 ** 20;

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

/** Compares by time, newest first. */
export async function remember(saved: readonly SavedPicture[]): Promise<void> {
  const ids = new Set(saved.map(({ id }) => id));
  const all = [...saved, ...history.value.filter(({ id }) => !ids.has(id))];
  const gone = new Set(tooMany(all, { count: MAX, bytes: MAX_BYTES }));
  history.value = all.filter((one) => !gone.has(one));
  const store = await storeFor('readwrite');
  for (const one of saved) if (!gone.has(one)) store?.put(one);
  for (const { id } of gone) store?.delete(id);
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
