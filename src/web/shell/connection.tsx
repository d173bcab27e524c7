/** Says when the server is away, and asks for a key where one is needed. */
import { RequestError } from '../../client/client.ts';
import { catalogueError, loadCatalogue } from '../state/catalogue.ts';
import { connection, key } from '../state/server.ts';

export function Connection() {
  const error = catalogueError.value;
  const wantsKey = error instanceof RequestError && /^key_/.test(error.code);
  if (wantsKey) return <KeyForm problem={error.message} />;
  const isStarting = error instanceof RequestError && error.code === 'not_ready';
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

function KeyForm({ problem }: { readonly problem: string }) {
  const use = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    key.value = String(form.get('key') ?? '').trim();
    void loadCatalogue();
  };
  return (
    <form class="connection" onSubmit={use}>
      <p>{problem.includes('needed') ? 'This server wants an API key.' : problem} It stays in this browser.</p>
      <input {...{ name: 'key', type: 'password', autocomplete: 'off', required: true }} aria-label="API key" />
      <button type="submit">Use it</button>
    </form>
  );
}
