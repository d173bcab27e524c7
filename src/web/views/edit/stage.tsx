/** The canvas, and the result beside or over the input. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Board } from './board.tsx';
import { BoardTools } from './board-tools.tsx';
import { Compare } from './compare.tsx';
import { urlOf } from './pictures.ts';
import { Result } from './result.tsx';
import { chosen, current, picture, plan, side } from './session.ts';
import { Start } from './start.tsx';
import { drawsLines, type Ink, ink, type Surface, surface } from './surface.ts';

const INKS: Readonly<Record<Ink, string>> = { lines: 'Lines', colours: 'Colours' };

export function Stage() {
  const now = surface.value;
  return (
    <section class="stage" aria-label="Picture">
      <div class={now ? 'edit-boards' : 'edit-boards edit-board-alone'}>
        {now && (
          <div class="stack">
            {drawsLines.value && <Inks />}
            <PaintedOn {...now} />
            <BoardTools {...now} />
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
      <legend class="unseen">What is painted</legend>
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

function PaintedOn({ painting, below: under, label, isGlass }: Surface) {
  const below = useMemo(() => under && urlOf(under), [under]);
  return <Board painting={painting} below={below} label={label} isGlass={isGlass} />;
}

function Answer() {
  const now = current.value;
  const ref = useRef<HTMLDivElement>(null);
  // On small screens it is below the fold.
  useEffect(() => ref.current?.scrollIntoView({ block: 'nearest' }), [now]);
  if (!now) return null;
  const slot = now.run.slots.value[chosen.value];
  const { width, height } = now.plan.before;
  const isCoarse = Math.min(width, height) < side.value && !surface.value;
  return (
    <div class="stack" ref={ref}>
      <Compare
        before={now.before}
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
  const now = plan.value;
  const missing = typeof now === 'string' ? now : null;
  // The canvas already shows it.
  const given = surface.value ? null : typeof now === 'string' ? picture.value : now.before;
  const url = useMemo(() => given && urlOf(given), [given]);
  if (!url || !given) return <p class="edit-empty hint">{missing ?? 'The result appears here.'}</p>;
  return <Compare before={url} after={null} isCoarse={given.width < side.value} />;
}
