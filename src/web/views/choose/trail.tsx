/** The choices so far; each is a button back to it. */
import { backTo, phase, trail } from './session.ts';

export function Trail() {
  const steps = trail.value;
  if (steps.length === 0 || phase.value === 'before') return null;
  return (
    <nav class="trail" aria-label="Your choices">
      <h2>Your way here</h2>
      <ol>
        {steps.map(({ level, side, url }, n) => (
          <li key={level}>
            <button
              type="button"
              aria-label={`Back to choice ${n + 1}, ${side} by ${side} pixels`}
              title="Choose another way from here"
              onClick={() => backTo(n)}
            >
              {url ? <img class="picture" src={url} alt="" /> : <span class="picture trail-any">any</span>}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
