/** What is under way in this tab, so that a reload goes on with it: kept for as long as the tab is open. */
const PREFIX = 'kandid.pending.';

/** @param view whose it is */
export function keepPending(view: string, state: unknown): void {
  try {
    sessionStorage.setItem(PREFIX + view, JSON.stringify(state));
  } catch {
    // Storage is off or full: a reload begins anew.
  }
}

export function dropPending(view: string): void {
  try {
    sessionStorage.removeItem(PREFIX + view);
  } catch {
    // Nothing was kept.
  }
}

/** What was under way when the page was left; null where nothing was. It is the reader's to check. */
export function pendingOf(view: string): Readonly<Record<string, unknown>> | null {
  try {
    const state: unknown = JSON.parse(sessionStorage.getItem(PREFIX + view) ?? 'null');
    return typeof state === 'object' && state !== null ? (state as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
