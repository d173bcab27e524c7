/** Guides as cards, and the list of those that can be added. */
import { useEffect } from 'preact/hooks';
import { GuideCard } from '../../parts/guide-card.tsx';
import { nameInWords } from '../../parts/schema.ts';
import { guides } from '../../state/catalogue.ts';
import { addGuide, changeGuide, missingIn, recipe, removeGuide, WORDS } from './form.ts';
import { isRunning, live } from './session.ts';

/** The guide `human` has its own view. */
const ELSEWHERE = ['human', WORDS];

export function Guides() {
  const used = recipe.value.guides;
  useEffect(weighLive, [used]);
  return (
    <>
      {used.map((use, n) => {
        const guide = guides.value.find(({ name }) => name === use.name);
        const missing = missingIn(use);
        const isWords = use.name === WORDS;
        return (
          <div key={`${n} ${use.name}`} class="stack guide-slot">
            {guide && (
              <GuideCard
                guide={guide}
                use={use}
                hidden={isWords ? ['prompt', 'negative'] : []}
                more={isWords ? 'For experts' : 'More settings'}
                onChange={(changed) => changeGuide(n, changed)}
                {...(isWords ? {} : { onRemove: () => removeGuide(n) })}
              />
            )}
            {missing && <p class="wrong">{missing}</p>}
          </div>
        );
      })}
      <details class="add-guide">
        <summary>Add a guide: a picture, a sketch, a style …</summary>
        <ul>
          {guides.value
            .filter(({ name }) => !ELSEWHERE.includes(name))
            .map(({ name, description }) => (
              <li key={name}>
                <button type="button" class="quiet" onClick={(event) => add(name, event.currentTarget)}>
                  {nameInWords(name)}
                </button>
                <span class="hint">{description}</span>
              </li>
            ))}
        </ul>
      </details>
    </>
  );
}

function add(name: string, button: HTMLElement): void {
  addGuide(name);
  const list = button.closest('details');
  if (!list) return;
  list.open = false;
  // The focus would be lost with the removed button.
  list.querySelector('summary')?.focus();
}

/** Weights changed during a request apply to the remaining levels. */
function weighLive(): void {
  const { guides: running = [] } = live.value?.body ?? {};
  const edited = recipe.value.guides;
  const isSame = running.length === edited.length && running.every(({ name }, n) => name === edited[n]?.name);
  if (isRunning.value && isSame && edited.length > 0) live.value?.weigh(edited.map(({ weight }) => weight));
}
