/** Size limits of the history. Pure. */

export interface HistoryEntry {
  /** Only if the picture is stored as a file. */
  readonly kept?: { readonly bytes: number };
}

export interface HistoryLimits {
  readonly count: number;
  /** Total size of stored files. */
  readonly bytes: number;
}

/** The entries to delete: those beyond `limits.count`, and those with files beyond `limits.bytes`. @param all newest first */
export function excessOf<Entry extends HistoryEntry>(all: readonly Entry[], limits: HistoryLimits): Entry[] {
  let bytes = 0;
  return all.filter(({ kept }, i) => {
    if (kept) bytes += kept.bytes;
    return i >= limits.count || (kept !== undefined && bytes > limits.bytes);
  });
}
