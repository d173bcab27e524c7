/** History of generated pictures. */
import { useComputed } from '@preact/signals';
import { useState } from 'preact/hooks';
import { SavedImage } from '../../parts/saved-image.tsx';
import { forget, forgetAll, history, historyProblem, openInEdit, type SavedPicture } from '../../state/history.ts';
import { titleOf } from '../../state/recipe.ts';
import { crossing, crossWith } from './crossing.ts';
import { recipe } from './form.ts';
import { current, open } from './session.ts';

const THUMB = 128;

export function History() {
  const all = history.value;
  const [isSure, setSure] = useState(false);
  if (all.length === 0) return historyProblem.value ? <p class="hint">{historyProblem}</p> : null;
  const clear = () => {
    if (isSure) void forgetAll();
    setSure(!isSure);
  };
  return (
    <section class="history" aria-labelledby="history-title">
      <header class="row">
        <h2 id="history-title">History</h2>
        <span class="soft">{all.length}</span>
        <button type="button" class="quiet history-clear" onClick={clear} onBlur={() => setSure(false)}>
          {isSure ? `Delete all ${all.length}` : 'Delete …'}
        </button>
      </header>
      <ul class="history-grid">
        {all.map((saved) => (
          <Entry key={saved.id} saved={saved} />
        ))}
      </ul>
    </section>
  );
}

function Entry({ saved }: { readonly saved: SavedPicture }) {
  const title = titleOf(saved.recipe);
  const isCurrent = useComputed(() => current.value?.id === saved.id);
  const show = () => {
    if (saved.kept) return openInEdit(saved);
    if (crossing.value && crossWith(saved)) return;
    recipe.value = saved.recipe;
    open(saved);
    document.getElementById('main')?.scrollIntoView({ block: 'start' });
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Delete') void forget(saved.id);
  };
  return (
    <li>
      <button
        type="button"
        title={title}
        aria-current={isCurrent.value ? 'true' : undefined}
        onClick={show}
        onKeyDown={onKey}
      >
        <SavedImage saved={saved} size={THUMB} alt={title} />
      </button>
    </li>
  );
}
