/** Says when the server is away, and asks for a key where one is needed. */
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
    return `The server answers, but the live connection to ${base.replace(/^http/, 'ws')}/v1/stream does not open, and all that is made comes over it. Where a proxy stands before the server, it must pass WebSockets on (the headers Upgrade and Connection).`;
  }
  if (connection.value === 'lost')
    return 'The connection to the server is lost. It is tried again by itself; what was running goes on then.';
  return isStarting.value ? 'The server is opening its models …' : '';
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
