/** Which view is shown: all of it stands in the address behind `#`, so that any state can be linked to. */
import { signal } from '@preact/signals';

export interface Route {
  /** As it stands in the address: there may be none of this name. */
  readonly view: string;
  readonly params: URLSearchParams;
}

export const route = signal<Route>(read());

addEventListener('hashchange', () => {
  route.value = read();
});

function read(): Route {
  const [path = '', search = ''] = location.hash.replace(/^#\/?/, '').split('?', 2);
  return { view: path, params: new URLSearchParams(search) };
}

/** Address of a view within the page, for links. */
export function addressOf(view: string, params: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(params);
  return search.size > 0 ? `#/${view}?${search}` : `#/${view}`;
}

export function navigate(view: string, params: Readonly<Record<string, string>> = {}): void {
  location.hash = addressOf(view, params);
}
