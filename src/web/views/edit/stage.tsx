/** The canvas, and the result beside or over the input. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Board } from './board.tsx';
import { BoardTools, Colours } from './board-tools.tsx';
import { Compare } from './compare.tsx';
import { urlOf } from './pictures.ts';
import { Result } from './result.tsx';
import { chosen, current, picture, plan, side } from './session.ts';
import { Start } from './start.tsx';
import { drawsLines, type Ink, ink, type Surface, surface } from './surface.ts';

const INKS: Readonly<Record<Ink, string>> = { lines: 'Lines', colours: 'Colours' };

export function Stage() {
  const shown = surface.value;
  return (
    <section class="stage" aria-label="Picture">
      <div class={shown ? 'edit-boards' : 'edit-boards edit-board-alone'}>
        {shown && (
          <div class="stack">
            {drawsLines.value && <Inks />}
            {shown.hasColours && <Colours painting={shown.painting} />}
            <SurfaceBoard {...shown} />
            <BoardTools {...shown} />
            <Start />
          </div>
        )}
        {current.value ? <Answer /> : <Before />}
      </div>
    </section>
  );
}

/** Selects what the brush paints. */
function Inks() {
  return (
    <fieldset class="choices pills">
      <legend class="unseen">Brush paints</legend>
      {Object.entries(INKS).map(([name, title]) => (
        <label key={name}>
          <input
            type="radio"
            name="ink"
            class="unseen"
            checked={ink.value === name}
            onChange={() => {
              ink.value = name as Ink;
            }}
          />
          <span>{title}</span>
        </label>
      ))}
    </fieldset>
  );
}

function SurfaceBoard({ painting, below, label, isGlass }: Surface) {
  const url = useMemo(() => below && urlOf(below), [below]);
  return <Board painting={painting} below={url} label={label} isGlass={isGlass} />;
}

function Answer() {
  const request = current.value;
  const ref = useRef<HTMLDivElement>(null);
  // On small screens it is below the fold.
  useEffect(() => ref.current?.scrollIntoView({ block: 'nearest' }), [request]);
  if (!request) return null;
  const slot = request.run.slots.value[chosen.value];
  const { width, height } = request.plan.before;
  const isCoarse = Math.min(width, height) < side.value && !surface.value;
  return (
    <div class="stack" ref={ref}>
      <Compare
        before={request.before}
        after={slot?.final ?? slot?.latest?.url ?? null}
        isCoarse={isCoarse}
        shape={`${width} / ${height}`}
      />
      <Result />
    </div>
  );
}

/** Before the first request: the input. */
function Before() {
  const next = plan.value;
  const missing = typeof next === 'string' ? next : null;
  // The canvas already shows it.
  const input = surface.value ? null : typeof next === 'string' ? picture.value : next.before;
  const url = useMemo(() => input && urlOf(input), [input]);
  if (!url || !input) return <p class="edit-empty hint">{missing ?? 'The result appears here.'}</p>;
  return <Compare before={url} after={null} isCoarse={input.width < side.value} />;
}
