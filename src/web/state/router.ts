/** Routing: the view and its parameters are stored in the URL's fragment, so that any state can be linked to. */
import { signal } from '@preact/signals';

export interface Route {
  /** Name in the URL; a view of this name may not exist. */
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

/** URL fragment of a view, for links. */
export function addressOf(view: string, params: Readonly<Record<string, string>> = {}): string {
  const search = new URLSearchParams(params);
  return search.size > 0 ? `#/${view}?${search}` : `#/${view}`;
}

export function navigate(view: string, params: Readonly<Record<string, string>> = {}): void {
  location.hash = addressOf(view, params);
}
