/** The Create view: prompt and guides in, pictures out, shown while they form. */
import './create.css';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { ErrorNote } from '../../parts/error-note.tsx';
import { models } from '../../state/catalogue.ts';
import { codeText, parseCode } from '../../state/code.ts';
import { idOf } from '../../state/history.ts';
import { EMPTY } from '../../state/recipe.ts';
import { readShared, type Shared } from '../../state/share.ts';
import type { ViewProps } from '../../view-props.ts';
import { Cross } from './cross.tsx';
import { LIKE, missingIn, negative, prompt, recipe, removeGuide, setNegative, setPrompt, startAnew } from './form.ts';
import { Guides } from './guides.tsx';
import { History } from './history.tsx';
import { Intro } from './intro.tsx';
import { current, generate, isRunning, live, open, pictures, resume } from './session.ts';
import { Settings } from './settings.tsx';
import { Stage } from './stage.tsx';
import { Words } from './words.tsx';

export default function Create({ params }: ViewProps) {
  const shared = readShared(params);
  /** Parameters of the URL when a request was resumed. */
  const left = useRef<URLSearchParams | null>(null);
  const isDamaged = shared !== null && (shared.isDamaged || isNoCode(shared));
  const isOutdated = shared !== null && !isDamaged && isOfOtherVersion(shared);
  useEffect(() => {
    const resumed = resume();
    // The URL is still that of the previous picture.
    if (resumed) [recipe.value, left.current] = [resumed, params];
    if (left.current === params || !shared || shared.isDamaged || models.value.length === 0 || isNoCode(shared)) return;
    const { picture } = shared;
    if (shared.recipe) recipe.value = shared.recipe;
    if (isOfOtherVersion(shared)) return;
    const kept = { ...EMPTY, ...shared.recipe };
    const saved = picture && { model: picture.model, hash: picture.hash, codeString: picture.code, recipe: kept };
    if (saved && !(current.value && idOf(current.value) === idOf(saved))) open({ ...saved, id: idOf(saved), at: 0 });
  }, [params, models.value.length > 0]);
  // Memoised: the history may hold hundreds of pictures, and the form changes often.
  const past = useMemo(() => <History />, []);
  const isEmpty = !live.value && pictures.value.length === 0;
  return (
    <div class="create">
      <Form missing={shared?.missing ?? []} isDamaged={isDamaged} isOutdated={isOutdated} />
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

/** Whether the model is known but the code is not one of its codes. */
function isNoCode({ picture }: Shared): boolean {
  const model = models.value.find(({ name, hash }) => name === picture?.model && hash.startsWith(picture.hash));
  if (!model || !picture) return false;
  const code = parseCode(picture.code, model.levels);
  return code === null || codeText(code, model.levels) !== picture.code;
}

/** Whether this server has no such model, or has it with other weights. */
function isOfOtherVersion({ picture }: Shared): boolean {
  const isKnown = models.value.some(({ name, hash }) => name === picture?.model && hash.startsWith(picture.hash));
  return picture !== null && models.value.length > 0 && !isKnown;
}

interface FormProps {
  /** Guides that were left out of the link. */
  readonly missing: readonly string[];
  readonly isDamaged: boolean;
  /** Whether the link is of a model that this server does not have. */
  readonly isOutdated: boolean;
}

function Form({ missing, isDamaged, isOutdated }: FormProps) {
  const isIncomplete = recipe.value.guides.some((use) => missingIn(use) !== null);
  const start = () => {
    if (!isIncomplete) void generate(recipe.value);
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
      <Buttons disabled={isIncomplete} />
      <Basis />
      <Words />
      {prompt.value !== '' && <Negative />}
      {isDamaged && (
        <p class="wrong" role="alert">
          This link is damaged: characters are missing or altered. Ask for the complete link.
        </p>
      )}
      {isOutdated && (
        <p class="wrong" role="alert">
          This link is of a model, or a version of one, that this server does not have: its picture cannot be drawn
          here. Its settings are below, for new pictures.
        </p>
      )}
      {missing.length > 0 && (
        <p class="hint">
          The link does not contain the pictures of its guides ({missing.join(', ')}): the picture shown is the same,
          but generating it again needs them.
        </p>
      )}
      <ErrorNote error={live.value?.error.value ?? null} onRetry={start} />
    </form>
  );
}

/** What the next pictures keep of another one, which words can change only in part. */
function Basis() {
  const { prefix, guides } = recipe.value;
  const like = guides.findIndex(({ name }) => name === LIKE);
  return (
    <>
      {prefix && (
        <p class="chip">
          Keeps the first {prefix.length} {prefix.length === 1 ? 'level' : 'levels'} of a picture. Your prompt decides
          only what is finer.
          <button type="button" class="quiet" onClick={startAnew}>
            Start from scratch
          </button>
        </p>
      )}
      {like >= 0 && (
        <p class="chip">
          Like a picture, as far as your prompt allows.
          <button type="button" class="quiet" onClick={() => removeGuide(like)}>
            Forget that picture
          </button>
        </p>
      )}
    </>
  );
}

function Negative() {
  return (
    <label class="field">
      <span class="hint">What to avoid</span>
      <input
        type="text"
        maxlength={500}
        value={negative.value}
        placeholder="a hat"
        onInput={(event) => setNegative(event.currentTarget.value)}
      />
    </label>
  );
}

function Buttons({ disabled }: { readonly disabled: boolean }) {
  return (
    <div class="row">
      {isRunning.value ? (
        <button type="button" class="main" onClick={() => live.value?.stop()}>
          Stop
        </button>
      ) : (
        <button type="submit" class="main" disabled={disabled}>
          Generate
        </button>
      )}
      <span class="hint">{stateText()}</span>
    </div>
  );
}

function stateText(): string {
  const run = live.value;
  if (!run) return prompt.value ? '' : 'No prompt: random pictures';
  const { levels } = run.about.value ?? {};
  const waiting = run.position.value;
  if (run.state.value === 'waiting') return waiting > 0 ? `${waiting} ahead in the queue` : 'Waiting';
  if (run.state.value === 'running') return `level ${run.level.value + 1} of ${levels?.length ?? '?'}`;
  return run.state.value === 'stopped' ? 'Stopped: best so far' : '';
}
