/** The Edit view: repaint, sharpen, colour, clean, restyle, sketch, fill in. */
import './edit.css';
import { useCallback, useEffect } from 'preact/hooks';
import { ErrorNote } from '../../parts/error-note.tsx';
import { models } from '../../state/catalogue.ts';
import { toEdit } from '../../state/history.ts';
import { readShared } from '../../state/share.ts';
import type { ViewProps } from '../../view-props.ts';
import { ModeSettings, MoreSettings } from './options.tsx';
import { fileOf } from './pictures.ts';
import { missing, prepare, reopen } from './reopening.ts';
import {
  clearAnswers,
  current,
  leave,
  look,
  mode,
  modes,
  problem,
  prompt,
  setPrompt,
  source,
  start,
  take,
  takeLook,
} from './session.ts';
import { SourceField } from './source.tsx';
import { Stage } from './stage.tsx';
import { Start } from './start.tsx';
import { surface } from './surface.ts';

export default function Edit({ params }: ViewProps) {
  useEffect(() => {
    const shared = readShared(params);
    if (shared?.picture) void take(fileOf({ ...shared.picture, codeString: shared.picture.code }), 'The picture', true);
    else if (shared?.recipe) prepare(shared.recipe);
    missing.value = shared?.missing ?? [];
  }, [params]);
  const saved = toEdit.value;
  const areThere = models.value.length > 0;
  useEffect(() => {
    if (saved && areThere) void reopen(saved);
  }, [saved, areThere]);
  return (
    <div class="edit">
      <header class="stack">
        <h1>What should change?</h1>
        <Modes />
        <p class="lead">{mode.value.what}</p>
      </header>
      <Form />
      <Stage />
    </div>
  );
}

function Modes() {
  return (
    <fieldset class="choices pills modes">
      <legend class="unseen">What is done</legend>
      {modes.value.map((one) => (
        <label key={one.name}>
          <input
            type="radio"
            name="mode"
            class="unseen"
            checked={mode.value === one}
            onChange={() => {
              clearAnswers();
              mode.value = one;
            }}
          />
          <span>{one.title}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Form() {
  const { name, isConditional } = mode.value;
  const onTake = useCallback((blob: Promise<Blob> | Blob, title: string, isMade: boolean) => {
    void take(blob, title, isMade);
  }, []);
  return (
    <form
      id="edit-form"
      class="edit-form stack"
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      {name !== 'sketch' && (
        <SourceField
          label={isConditional ? 'Picture, or a drawing' : 'Picture'}
          value={source.value}
          takesPasted
          onTake={onTake}
          onLeave={isConditional ? () => leave(source) : undefined}
        />
      )}
      {(name === 'restyle' || isConditional) && (
        <SourceField
          label={isConditional ? 'Picture to take colours from' : 'Style picture'}
          value={look.value}
          takesPasted={false}
          onTake={(blob, title) => void takeLook(blob, title)}
          onLeave={isConditional ? () => leave(look) : undefined}
        />
      )}
      <ModeSettings />
      <label class="field">
        <span class="hint">Prompt (optional)</span>
        <input
          type="text"
          value={prompt.value}
          maxlength={500}
          placeholder="a person with a blue hat"
          onInput={(event) => {
            setPrompt(event.currentTarget.value);
          }}
        />
      </label>
      <MoreSettings />
      {!surface.value && <Start />}
      {missing.value.length > 0 && !source.value && (
        <p class="hint" role="status">
          The link has the settings, not the pictures ({missing.value.join(', ')}): add the one to start from.
        </p>
      )}
      <ErrorNote error={problem.value ?? current.value?.run.error.value ?? null} />
    </form>
  );
}
