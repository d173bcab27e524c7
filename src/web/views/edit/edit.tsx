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
  mode,
  modes,
  openSource,
  openStyle,
  problem,
  prompt,
  remove,
  setPrompt,
  source,
  start,
  style,
} from './session.ts';
import { SourceField } from './source.tsx';
import { Stage } from './stage.tsx';
import { Start } from './start.tsx';
import { surface } from './surface.ts';

export default function Edit({ params }: ViewProps) {
  useEffect(() => {
    const shared = readShared(params);
    const { picture } = shared ?? {};
    if (picture) void openSource(fileOf({ ...picture, codeString: picture.code }), 'The picture', true);
    else if (shared?.recipe) prepare(shared.recipe);
    missing.value = shared?.missing ?? [];
  }, [params]);
  const saved = toEdit.value;
  const hasModels = models.value.length > 0;
  useEffect(() => {
    if (saved && hasModels) void reopen(saved);
  }, [saved, hasModels]);
  return (
    <div class="edit">
      <header class="stack">
        <h1>What should change?</h1>
        <Modes />
        <p class="lead">{mode.value.description}</p>
      </header>
      <Form />
      <Stage />
    </div>
  );
}

function Modes() {
  return (
    <fieldset class="choices pills modes">
      <legend class="unseen">Task</legend>
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
  const onOpen = useCallback((blob: Promise<Blob> | Blob, title: string, isGenerated: boolean) => {
    void openSource(blob, title, isGenerated);
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
          acceptsPaste
          onOpen={onOpen}
          onRemove={isConditional ? () => remove(source) : undefined}
        />
      )}
      {(name === 'restyle' || isConditional) && (
        <SourceField
          label={isConditional ? 'Picture to take colours from' : 'Style picture'}
          value={style.value}
          acceptsPaste={false}
          onOpen={(blob, title) => void openStyle(blob, title)}
          onRemove={isConditional ? () => remove(style) : undefined}
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
          The link contains the settings but not the pictures ({missing.value.join(', ')}): add a picture to start from.
        </p>
      )}
      <ErrorNote error={problem.value ?? current.value?.run.error.value ?? null} />
    </form>
  );
}
