/** An error message, shown next to what caused it. */
import { RequestError } from '../../client/client.ts';

/** @param onRetry shown as a button if a retry may help */
export function ErrorNote({ error, onRetry }: { readonly error: Error | null; readonly onRetry?: () => void }) {
  if (!error) return null;
  return (
    <div class="error-note" role="alert">
      <p>{wordsOf(error)}</p>
      {onRetry && (
        <button type="button" class="quiet" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

export function wordsOf(error: Error): string {
  if (error instanceof RequestError) return error.message;
  if (error instanceof TypeError)
    return 'The server does not respond. It may have stopped; the page reconnects when it is back.';
  return error.message || 'Something went wrong. Try again.';
}
