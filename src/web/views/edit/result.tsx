/** Figures of the result, other results, and actions on it. */
import { CopyButton } from '../../parts/copyable.tsx';
import { saveAs } from '../../parts/save.ts';
import { addressOf } from '../../state/router.ts';
import { shareUrl } from '../../state/share.ts';
import { decibels } from './modes.ts';
import { type Answer, answers, chosen, current, figures, isRunning, openSource, problem } from './session.ts';

const SHOWN_SIZE = 512;

export function Result() {
  const run = current.value?.run;
  if (!run) return null;
  const slots = run.slots.value;
  const answer = answers.value[chosen.value];
  return (
    <div class="stack">
      <p class="hint">
        {isRunning.value && `level ${run.level.value + 1} of ${run.about.value?.levels.length ?? '?'}`}
      </p>
      <ul class="edit-figures">
        {figures.value[chosen.value]?.map(({ decibels: value, words }) => (
          <li key={words}>
            <strong>{decibels(value)}</strong> {words}
          </li>
        ))}
      </ul>
      {slots.length > 1 && (
        <div class="edit-answers">
          {slots.map((slot, n) => {
            const url = slot.final ?? slot.latest?.url;
            return (
              <button
                key={n}
                type="button"
                aria-pressed={chosen.value === n}
                aria-label={`Answer ${n + 1}`}
                onClick={() => {
                  chosen.value = n;
                }}
              >
                {url ? <img class="picture" src={url} alt="" /> : <span class="picture" />}
              </button>
            );
          })}
        </div>
      )}
      {run.notes.value.map((note) => (
        <p key={note} class="hint">
          {note}
        </p>
      ))}
      {answer && (
        <div class="row">
          <button type="button" onClick={() => void openSource(answer.file(), 'The result', true)}>
            Continue with this one
          </button>
          <button type="button" onClick={() => void download(answer)}>
            Download
          </button>
          {!answer.saved.kept && (
            <a class="button" href={inCreate(shareUrl(answer.saved))}>
              Open in Create
            </a>
          )}
        </div>
      )}
      {answer && (
        <div class="row">
          <span class="hint">{answer.saved.kept ? 'Link to the settings, without the pictures' : 'Link'}</span>
          <CopyButton text={shareUrl(answer.saved)} label="link" />
        </div>
      )}
    </div>
  );
}

async function download(answer: Answer): Promise<void> {
  try {
    saveAs(await answer.file(SHOWN_SIZE), `kandid-${answer.saved.codeString}.png`);
  } catch (thrown) {
    problem.value = thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}

/** The fragment of a link, which opens it in the same page. */
function inCreate(url: string): string {
  return url.includes('#') ? url.slice(url.indexOf('#')) : addressOf('create');
}
