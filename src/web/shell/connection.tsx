/** Says when the server is away, and asks for a key where one is needed. */
import { RequestError } from '../../client/client.ts';
import { catalogueError, loadCatalogue } from '../state/catalogue.ts';
import { connection, key, needsKey } from '../state/server.ts';

const STARTING = 503;

export function Connection() {
  const error = catalogueError.value;
  if (needsKey.value) return <KeyForm />;
  const isStarting = error instanceof RequestError && error.status === STARTING;
  const text =
    connection.value === 'lost'
      ? 'The connection to the server is lost. It is tried again by itself; what was running goes on then.'
      : isStarting
        ? 'The server is opening its models …'
        : '';
  return (
    <div class="connection" role="status">
      {text && <p>{text}</p>}
    </div>
  );
}

function KeyForm() {
  const use = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    key.value = String(form.get('key') ?? '').trim();
    void loadCatalogue();
  };
  return (
    <form class="connection" onSubmit={use}>
      <p>
        {key.value ? 'This server does not know that API key.' : 'This server wants an API key.'} It stays in this
        browser.
      </p>
      <input name="key" type="password" autocomplete="off" required aria-label="API key" />
      <button type="submit">Use it</button>
    </form>
  );
}
