/** The Create view: prompt and guides in, pictures out, shown while they form. */
import './create.css';
import { useEffect, useMemo } from 'preact/hooks';
import { ErrorNote } from '../../parts/error-note.tsx';
import { idOf } from '../../state/history.ts';
import { EMPTY } from '../../state/recipe.ts';
import { readShared } from '../../state/share.ts';
import type { ViewProps } from '../../view-props.ts';
import { Cross } from './cross.tsx';
import { missingIn, prompt, recipe, setPrompt } from './form.ts';
import { Guides } from './guides.tsx';
import { History } from './history.tsx';
import { Intro } from './intro.tsx';
import { current, generate, isRunning, live, open, pictures } from './session.ts';
import { Settings } from './settings.tsx';
import { Stage } from './stage.tsx';
import { Words } from './words.tsx';

export default function Create({ params }: ViewProps) {
  const shared = readShared(params);
  useEffect(() => {
    if (!shared) return;
    const { picture } = shared;
    if (shared.recipe) recipe.value = shared.recipe;
    const kept = { ...EMPTY, ...shared.recipe };
    const saved = picture && { model: picture.model, hash: picture.hash, codeString: picture.code, recipe: kept };
    if (saved && !(current.value && idOf(current.value) === idOf(saved))) open({ ...saved, id: idOf(saved), at: 0 });
  }, [params]);
  // Hundreds of pictures are not gone through again whenever the form changes.
  const past = useMemo(() => <History />, []);
  const isEmpty = !live.value && pictures.value.length === 0;
  return (
    <div class="create">
      <Form missing={shared?.missing ?? []} />
      <div class="create-side">
        {isEmpty ? <Intro /> : <Stage />}
        <Cross />
      </div>
      <div class="create-more">
        <Guides />
        <Settings />
      </div>
      {past}
    </div>
  );
}

function Form({ missing }: { readonly missing: readonly string[] }) {
  const wrong = recipe.value.guides.some((use) => missingIn(use) !== null);
  const start = () => {
    if (!wrong) void generate(recipe.value);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') live.value?.stop();
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    start();
  };
  return (
    <form
      class="create-form"
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      <h1>What should it look like?</h1>
      <textarea
        class="prompt"
        rows={2}
        aria-label="Prompt"
        value={prompt.value}
        maxlength={500}
        placeholder="a woman with long red hair and sunglasses"
        onInput={(event) => setPrompt(event.currentTarget.value)}
        onKeyDown={onKey}
      />
      <Buttons wrong={wrong} />
      <Words />
      {missing.length > 0 && (
        <p class="hint">
          The link came without the pictures that its guides were given ({missing.join(', ')}): the picture is the same,
          making it again needs them.
        </p>
      )}
      <ErrorNote error={live.value?.error.value ?? null} onRetry={start} />
    </form>
  );
}

function Buttons({ wrong }: { readonly wrong: boolean }) {
  return (
    <div class="row">
      {isRunning.value ? (
        <button type="button" class="main" onClick={() => live.value?.stop()}>
          Stop
        </button>
      ) : (
        <button type="submit" class="main" disabled={wrong}>
          Generate
        </button>
      )}
      <span class="hint">{stateText()}</span>
    </div>
  );
}

function stateText(): string {
  const run = live.value;
  if (!run) return prompt.value ? '' : 'No words: at random';
  const { levels } = run.about.value ?? {};
  const waiting = run.position.value;
  if (run.state.value === 'waiting') return waiting > 0 ? `${waiting} before it` : 'Waiting';
  if (run.state.value === 'running') return `level ${run.level.value + 1} of ${levels?.length ?? '?'}`;
  return run.state.value === 'stopped' ? 'Stopped: the best so far' : '';
}
