/** The frame around every view: navigation, theme, connection, announcements. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ErrorNote } from '../parts/error-note.tsx';
import { announcement } from '../state/announce.ts';
import { loadCatalogue } from '../state/catalogue.ts';
import { loadHistory } from '../state/history.ts';
import { route } from '../state/router.ts';
import type { ViewProps } from '../view-props.ts';
import { viewNamed } from '../views.ts';
import { Connection } from './connection.tsx';
import { Header } from './header.tsx';

export function App() {
  useEffect(() => {
    void loadCatalogue();
    void loadHistory();
  }, []);
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to content
      </button>
      <Header />
      <Connection />
      <main id="main" tabIndex={-1}>
        <Outlet />
      </main>
      <footer class="footer">
        <p>
          Kandid runs its own small models on this server; no data is sent elsewhere. <a href="docs">API</a>
        </p>
      </footer>
      <div class="unseen" aria-live="polite">
        {announcement}
      </div>
    </>
  );
}

/** A button, as the URL's fragment holds the view. */
function skip(): void {
  document.getElementById('main')?.focus();
}

function Outlet() {
  const { params } = route.value;
  const view = viewNamed(route.value.view);
  const name = view?.name ?? '';
  const [loaded, setLoaded] = useState<{ name: string; View: ComponentType<ViewProps> } | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const load = () => {
    setError(null);
    view?.load().then(
      ({ default: View }) => setLoaded({ name, View }),
      () => setError(new Error('This part of the page could not be loaded. Is the server running?')),
    );
  };
  useEffect(load, [name]);
  useEffect(() => {
    document.title = view ? `${view.title} · Kandid` : 'Kandid';
  }, [view]);
  if (error) return <ErrorNote error={error} onRetry={load} />;
  return loaded?.name === name ? <loaded.View params={params} /> : null;
}
