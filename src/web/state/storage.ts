/** Small settings in localStorage; if the browser stores nothing, they last as long as the page. */
const PREFIX = 'kandid.';

export function stored(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

export function keep(name: string, value: string): void {
  try {
    if (value === '') localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage is disabled or full: the setting lasts as long as the page.
  }
}
