/** The candidates below the current node: a grid for pointer and arrow keys. */
import { useEffect, useRef } from 'preact/hooks';
import type { ModelAnswer } from '../../../client/client.ts';
import { Picture } from '../../parts/picture.tsx';
import { codeAt, columnsFor, finishedAt, type Path } from './place.ts';

export interface ChildrenProps {
  readonly model: ModelAnswer;
  readonly path: Path;
  readonly size: number;
  /** Whether to show a finished picture below each child instead of the child. */
  readonly looksAhead: boolean;
  /** Index of the marked child. */
  readonly current: number | null;
  /** Whether the current child takes the focus. */
  readonly takesFocus: boolean;
  onEnter(choice: number): void;
}

/** Largest number of columns on a narrow screen. */
const MAX_NARROW = 8;

export function Children(props: ChildrenProps) {
  const { model, path, size, looksAhead, current, takesFocus, onEnter } = props;
  const { name, hash, levels } = model;
  const count = levels[path.length]?.candidates ?? 0;
  const columns = columnsFor(count);
  const ref = useRef<HTMLUListElement>(null);
  const place = path.join('.');
  useEffect(() => {
    if (takesFocus) focusOn(ref.current, current ?? 0);
  }, [place, hash, takesFocus, current]);
  const onKeyDown = (event: KeyboardEvent) => {
    const at = [...(ref.current?.querySelectorAll('button') ?? [])].indexOf(event.target as HTMLButtonElement);
    const to = at < 0 ? null : steppedTo(event.key, at, columnsOf(ref.current), count);
    if (to === null) return;
    event.preventDefault();
    focusOn(ref.current, to);
  };
  return (
    <ul
      class={columns > MAX_NARROW ? 'tree-children tree-wide' : 'tree-children'}
      ref={ref}
      style={{ '--columns': columns }}
      onKeyDown={onKeyDown}
    >
      {Array.from({ length: count }, (_, choice) => {
        const below = [...path, choice];
        const code = looksAhead ? finishedAt(below, model) : codeAt(below, model);
        return (
          <li key={choice}>
            <button
              type="button"
              tabIndex={choice === (current ?? 0) ? 0 : -1}
              onClick={() => onEnter(choice)}
              aria-label={`Choice ${choice + 1} of ${count}`}
              aria-current={current === choice ? 'true' : undefined}
            >
              <Picture
                model={name}
                hash={hash}
                code={code}
                size={size}
                alt=""
                level={looksAhead ? undefined : path.length}
              />
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** Current number of columns. */
function columnsOf(list: Element | null): number {
  return list ? getComputedStyle(list).gridTemplateColumns.split(' ').length : 1;
}

function steppedTo(key: string, at: number, columns: number, count: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined || to < 0 || to >= count ? null : to;
}

/** Roving tabindex: Tab reaches the child that was focused last. */
function focusOn(list: HTMLUListElement | null, choice: number): void {
  const buttons = [...(list?.querySelectorAll('button') ?? [])];
  for (const [n, button] of buttons.entries()) button.tabIndex = n === choice ? 0 : -1;
  buttons[choice]?.focus({ preventScroll: true });
}
