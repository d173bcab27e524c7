/** Running requests of this tab in sessionStorage, so that a reload resumes them. */
const PREFIX = 'kandid.pending.';

/** @param view the view that made the request */
export function keepPending(view: string, state: unknown): void {
  try {
    sessionStorage.setItem(PREFIX + view, JSON.stringify(state));
  } catch {
    // Storage is disabled or full: a reload starts over.
  }
}

export function dropPending(view: string): void {
  try {
    sessionStorage.removeItem(PREFIX + view);
  } catch {
    // Nothing was stored.
  }
}

/** The stored request, or null. Not validated: the caller must check it. */
export function pendingOf(view: string): Readonly<Record<string, unknown>> | null {
  try {
    const state: unknown = JSON.parse(sessionStorage.getItem(PREFIX + view) ?? 'null');
    return typeof state === 'object' && state !== null ? (state as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
