/** Picture input: a file that is opened, dropped or pasted, or a picture of the history. */
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
  /** Whether it accepts pictures pasted anywhere on the page. */
  readonly acceptsPaste: boolean;
  onOpen(blob: Promise<Blob> | Blob, name: string, isGenerated: boolean): void;
  /** Missing if the picture cannot be removed. */
  onRemove?: (() => void) | undefined;
}

/** Whether the mode uses the whole picture. */
const isWhole = computed(
  () => (mode.value.name === 'repaint' && keepsWhole.value) || (mode.value.name === 'sharpen' && sharpensWhole.value),
);

/** Number of pictures offered from the history, latest first. */
const MAX_OFFERED = 12;

export function SourceField({ label, value, acceptsPaste, onOpen, onRemove }: SourceFieldProps) {
  const openFile = (file: File | null | undefined) => {
    if (file) onOpen(file, file.name || 'The picture', false);
  };
  const { isOver, handlers } = useDropping(openFile);
  useEffect(() => {
    if (!acceptsPaste) return;
    const onPaste = (event: ClipboardEvent) => openFile(event.clipboardData?.files[0]);
    addEventListener('paste', onPaste);
    return () => removeEventListener('paste', onPaste);
  }, [acceptsPaste, onOpen]);
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
              openFile(event.currentTarget.files?.[0]);
              event.currentTarget.value = '';
            }}
          />
        </label>
        {value && onRemove && (
          <button type="button" class="quiet" onClick={onRemove}>
            Remove
          </button>
        )}
        <span class="hint">{acceptsPaste ? 'or drop or paste one' : 'or drop one'}</span>
      </div>
      {value && (
        <p class="hint">
          {isWhole.value ? `${value.name}, ${value.width} × ${value.height}.` : fitted(value, side.value)}
        </p>
      )}
      <Offered onOpen={onOpen} />
    </fieldset>
  );
}

/** Describes how a picture was fitted to the model. */
function fitted({ name, width, height }: Source, to: number): string {
  const shorter = Math.min(width, height);
  const size = `the model's ${to} × ${to} pixels`;
  const steps = [
    ...(width === height ? [] : ['its middle square']),
    ...(shorter > to ? [`shrunk to ${size}`] : []),
    ...(shorter < to ? [`enlarged to ${size}`] : []),
  ];
  return `${name}, ${width} × ${height}: ${steps.join(', ') || "the model's own size"}.`;
}

function Offered({ onOpen }: Pick<SourceFieldProps, 'onOpen'>) {
  const latest = history.value.slice(0, MAX_OFFERED);
  if (latest.length === 0) return null;
  return (
    <div class="offered">
      <p class="hint">or one of your pictures</p>
      <ul>
        {latest.map((saved) => (
          <li key={saved.id}>
            <button
              type="button"
              onClick={() => onOpen(saved.kept?.file ?? fileOf(saved), titleOf(saved.recipe), true)}
            >
              <SavedImage saved={saved} size={128} alt={`Use: ${titleOf(saved.recipe)}`} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
