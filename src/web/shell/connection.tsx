/** Shows connection problems, and asks for an API key if the server requires one. */
import { isStarting, loadCatalogue, models } from '../state/catalogue.ts';
import { base, connection, key, needsKey, neverOpened } from '../state/server.ts';

export function Connection() {
  if (needsKey.value) return <KeyForm />;
  const text = textOf();
  return (
    <div class="connection" role="status">
      {text && <p>{text}</p>}
    </div>
  );
}

function textOf(): string {
  if (neverOpened.value) {
    if (models.value.length === 0 && !isStarting.value) return `The server at ${base} does not answer. Is it running?`;
    return `The server responds, but the live connection to ${base.replace(/^http/, 'ws')}/v1/stream does not open; pictures are generated over it. A proxy in front of the server must forward WebSockets (the headers Upgrade and Connection).`;
  }
  if (connection.value === 'lost')
    return 'The connection to the server is lost. Reconnecting; running requests continue afterwards.';
  return isStarting.value ? 'The server is opening its models …' : '';
}

function KeyForm() {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    key.value = String(form.get('key') ?? '').trim();
    void loadCatalogue();
  };
  return (
    <form class="connection" onSubmit={submit}>
      <p>
        {key.value ? 'The server does not accept this API key.' : 'The server requires an API key.'} It is stored in
        this browser only.
      </p>
      <input name="key" type="password" autocomplete="off" required aria-label="API key" />
      <button type="submit">Use it</button>
    </form>
  );
}
