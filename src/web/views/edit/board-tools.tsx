/** Tools of a board: brush size, colour, eraser, undo and redo. */
import { useEffect } from 'preact/hooks';
import { Slider } from '../../parts/slider.tsx';
import { dotOf } from './layer.ts';
import type { Painting } from './painting.ts';
import type { Surface } from './surface.ts';

/** Colours of faces, hair, clothes and backgrounds. */
const COLOURS = {
  white: '#ffffff',
  black: '#1a1a1a',
  gray: '#8c8c8c',
  skin: '#edb98a',
  brown: '#724133',
  blond: '#e8c15a',
  red: '#d6322e',
  orange: '#f28c28',
  green: '#3f9b4f',
  blue: '#1f6feb',
  violet: '#8b5cf6',
  pink: '#f49ac1',
};

export type BoardToolsProps = Pick<Surface, 'painting' | 'canInvert'>;

export function BoardTools({ painting, canInvert }: BoardToolsProps) {
  const { width, height } = painting.layer.value;
  useEffect(() => {
    // Works with any focus, except in text fields, which have their own undo.
    const onKey = (event: KeyboardEvent) => {
      const isText = event.target instanceof HTMLElement && event.target.matches('textarea, input, .board');
      if (isText || !(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return;
      event.preventDefault();
      if (event.shiftKey) painting.redo();
      else painting.undo();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [painting]);
  return (
    <div class="board-tools">
      <Slider
        label="brush"
        min={1}
        max={Math.max(1, Math.max(width, height) / 2)}
        value={painting.size.value}
        text={painting.size.value === 1 ? '1 pixel' : `${painting.size.value} pixels`}
        onChange={(size) => {
          painting.size.value = size;
        }}
      />
      <div class="row">
        <button
          type="button"
          class="quiet"
          aria-pressed={painting.isErasing.value}
          onClick={() => {
            painting.isErasing.value = !painting.isErasing.value;
          }}
        >
          Eraser
        </button>
        {canInvert && <Tool name="Invert" onClick={() => painting.invert()} />}
        <Tool name="Undo" disabled={!painting.canUndo.value} onClick={() => painting.undo()} />
        <Tool name="Redo" disabled={!painting.canRedo.value} onClick={() => painting.redo()} />
        <Tool name="Clear" disabled={painting.isEmpty.value} onClick={() => painting.clear()} />
      </div>
      <p class="hint" id="board-keys">
        Keys: arrows move (Shift: farther), Space paints, + and − change the size, E eraser, Ctrl+Z undo.
      </p>
    </div>
  );
}

interface ToolProps {
  readonly name: string;
  readonly disabled?: boolean;
  onClick(): void;
}

function Tool({ name, disabled = false, onClick }: ToolProps) {
  return (
    <button type="button" class="quiet" disabled={disabled} onClick={onClick}>
      {name}
    </button>
  );
}

export function Colours({ painting }: { readonly painting: Painting }) {
  const current = painting.value.value;
  const select = (colour: string) => {
    painting.value.value = dotOf(colour);
    painting.isErasing.value = false;
  };
  const hex = `#${(current & 0xffffff).toString(16).padStart(6, '0')}`;
  return (
    <fieldset class="choices colours">
      <legend class="unseen">Colour</legend>
      {Object.entries(COLOURS).map(([name, colour]) => (
        <input
          key={name}
          type="radio"
          name="colour"
          aria-label={name}
          title={name}
          style={{ '--colour': colour }}
          checked={current === dotOf(colour)}
          onChange={() => select(colour)}
        />
      ))}
      <input
        type="color"
        value={hex}
        aria-label="Another colour"
        title="Another colour"
        onInput={(event) => select(event.currentTarget.value)}
      />
    </fieldset>
  );
}
