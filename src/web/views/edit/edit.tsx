/** Pictures that are given: painted over, sharpened, coloured, cleaned, restyled, drawn from a sketch. */
import './edit.css';
import { useCallback, useEffect } from 'preact/hooks';
import { ErrorNote } from '../../parts/error-note.tsx';
import { readShared } from '../../state/share.ts';
import type { ViewProps } from '../../views.ts';
import { MODES } from './modes.ts';
import { ModeSettings, MoreSettings } from './options.tsx';
import { fileOf } from './pictures.ts';
import {
  asked,
  clearAnswers,
  hasBoard,
  look,
  mode,
  problem,
  prompt,
  source,
  start,
  take,
  takeLook,
} from './session.ts';
import { SourceField } from './source.tsx';
import { Stage } from './stage.tsx';
import { Start } from './start.tsx';

const FILE_SIZE = 256;

export default function Edit({ params }: ViewProps) {
  useEffect(() => {
    const given = readShared(params)?.picture;
    if (given) void take(fileOf({ ...given, codeString: given.code }, FILE_SIZE), 'The picture', true);
  }, [params]);
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
      {MODES.map((one) => (
        <label key={one.name}>
          <input
            {...{ type: 'radio', name: 'mode', class: 'unseen', checked: mode.value === one }}
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
  const { name } = mode.value;
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
      {name !== 'sketch' && <SourceField {...{ label: 'Picture', value: source.value, takesPasted: true, onTake }} />}
      {name === 'restyle' && (
        <SourceField
          {...{ label: 'Picture whose look is taken', value: look.value, takesPasted: false }}
          onTake={(blob, title) => void takeLook(blob, title)}
        />
      )}
      <ModeSettings />
      <label class="field">
        <span class="hint">Words, if you like</span>
        <input
          {...{ type: 'text', value: prompt.value, maxlength: 500, placeholder: 'a person with a blue hat' }}
          onInput={(event) => {
            prompt.value = event.currentTarget.value;
          }}
        />
      </label>
      <MoreSettings />
      {!hasBoard.value && <Start />}
      <ErrorNote error={problem.value ?? asked.value?.run.error.value ?? null} />
    </form>
  );
}
