/** Picture input: a file that is opened, dropped or pasted, or one of the history. */
import { computed } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useDropping } from '../../parts/dropping.ts';
import { SavedImage } from '../../parts/saved-image.tsx';
import { history } from '../../state/history.ts';
import { titleOf } from '../../state/recipe.ts';
import { fileOf, type Source } from './pictures.ts';
import { keepsWhole, mode, sharpensWhole, side } from './session.ts';

export interface SourceFieldProps {
  readonly label: string;
  readonly value: Source | null;
  /** Whether it takes pictures pasted anywhere on the page. */
  readonly takesPasted: boolean;
  onTake(blob: Promise<Blob> | Blob, name: string, isMade: boolean): void;
  /** Missing if the picture cannot be removed. */
  onLeave?: (() => void) | undefined;
}

/** Whether all of the picture is worked on. */
const isWhole = computed(
  () => (mode.value.name === 'repaint' && keepsWhole.value) || (mode.value.name === 'sharpen' && sharpensWhole.value),
);

/** Number of pictures offered from the history, latest first. */
const OFFERED = 12;

export function SourceField({ label, value, takesPasted, onTake, onLeave }: SourceFieldProps) {
  const takeFile = (file: File | null | undefined) => {
    if (file) onTake(file, file.name || 'The picture', false);
  };
  const { isOver, handlers } = useDropping(takeFile);
  useEffect(() => {
    if (!takesPasted) return;
    const onPaste = (event: ClipboardEvent) => takeFile(event.clipboardData?.files[0]);
    addEventListener('paste', onPaste);
    return () => removeEventListener('paste', onPaste);
  }, [takesPasted, onTake]);
  return (
    <fieldset class={isOver ? 'source over' : 'source'} {...handlers}>
      <legend>{label}</legend>
      <div class="row">
        {value && <img class="picture source-now" src={value.url} alt={`Selected: ${value.name}`} />}
        <label class="button source-file">
          {value ? 'Another …' : 'Open …'}
          <input
            type="file"
            accept="image/*"
            class="unseen"
            onChange={(event) => {
              takeFile(event.currentTarget.files?.[0]);
              event.currentTarget.value = '';
            }}
          />
        </label>
        {value && onLeave && (
          <button type="button" class="quiet" onClick={onLeave}>
            Remove
          </button>
        )}
        <span class="hint">{takesPasted ? 'or drop or paste one' : 'or drop one'}</span>
      </div>
      {value && (
        <p class="hint">
          {isWhole.value ? `${value.name}, ${value.width} × ${value.height}.` : fitted(value, side.value)}
        </p>
      )}
      <Offered onTake={onTake} />
    </fieldset>
  );
}

/** Describes how a picture was fitted to the model. */
function fitted({ name, width, height }: Source, to: number): string {
  const shorter = Math.min(width, height);
  const size = `the model's ${to} × ${to} pixels`;
  const done = [
    ...(width === height ? [] : ['its middle square']),
    ...(shorter > to ? [`shrunk to ${size}`] : []),
    ...(shorter < to ? [`enlarged to ${size}`] : []),
  ];
  return `${name}, ${width} × ${height}: ${done.join(', ') || "the model's own size"}.`;
}

function Offered({ onTake }: Pick<SourceFieldProps, 'onTake'>) {
  const latest = history.value.slice(0, OFFERED);
  if (latest.length === 0) return null;
  return (
    <div class="offered">
      <p class="hint">or one of your pictures</p>
      <ul>
        {latest.map((saved) => (
          <li key={saved.id}>
            <button
              type="button"
              onClick={() => onTake(saved.kept?.file ?? fileOf(saved), titleOf(saved.recipe), true)}
            >
              <SavedImage saved={saved} size={128} alt={`Use: ${titleOf(saved.recipe)}`} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
