/** How much of the history is kept. Pure. */

export interface Keepable {
  readonly kept?: { readonly bytes: number };
}

export interface Most {
  readonly count: number;
  /** Of all that are kept as files. */
  readonly bytes: number;
}

/** Of entries, the newest first, those behind the first so many, and those whose files are behind the first so many bytes. */
export function tooMany<Entry extends Keepable>(all: readonly Entry[], most: Most): Entry[] {
  let bytes = 0;
  return all.filter(({ kept }, i) => {
    if (kept) bytes += kept.bytes;
    return i >= most.count || (kept !== undefined && bytes > most.bytes);
  });
}
