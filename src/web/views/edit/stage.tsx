/** What is painted on, and the answer beside or over what was given. */
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Board } from './board.tsx';
import { BoardTools } from './board-tools.tsx';
import { Compare } from './compare.tsx';
import { urlOf } from './pictures.ts';
import { Result } from './result.tsx';
import { asked, chosen, hasBoard, mask, mode, picture, plan, side, sketch } from './session.ts';
import { Start } from './start.tsx';

export function Stage() {
  const { name } = mode.value;
  const isRepaint = name === 'repaint';
  const board = isRepaint ? mask : sketch;
  return (
    <section class="stage" aria-label="Picture">
      <div class={hasBoard.value ? 'edit-boards' : 'edit-boards edit-board-alone'}>
        {hasBoard.value && (
          <div class="stack">
            <PaintedOn painting={board} isMask={isRepaint} />
            <BoardTools painting={board} hasColours={!isRepaint} />
            <Start />
          </div>
        )}
        {asked.value ? <Answer /> : <Before />}
      </div>
    </section>
  );
}

function PaintedOn({ painting, isMask }: { readonly painting: typeof mask; readonly isMask: boolean }) {
  const given = picture.value;
  const below = useMemo(() => (given && isMask ? urlOf(given) : null), [given, isMask]);
  const label = isMask ? 'Mask: brush over what should change' : 'Sketch: paint where which colour goes';
  return <Board {...{ painting, below, label, isGlass: isMask }} />;
}

function Answer() {
  const now = asked.value;
  const ref = useRef<HTMLDivElement>(null);
  // On small screens it comes below the fold.
  useEffect(() => ref.current?.scrollIntoView({ block: 'nearest' }), [now]);
  if (!now) return null;
  const slot = now.run.slots.value[chosen.value];
  const isCoarse = now.plan.before.side < side.value;
  return (
    <div class="stack" ref={ref}>
      <Compare {...{ before: now.before, after: slot?.final ?? slot?.latest?.url ?? null, isCoarse }} />
      <Result />
    </div>
  );
}

/** Before anything is asked: what would be given. */
function Before() {
  const now = plan.value;
  const given = typeof now === 'string' ? picture.value : now.before;
  const url = useMemo(() => given && urlOf(given), [given]);
  if (hasBoard.value) return <p class="edit-empty hint">{typeof now === 'string' ? now : 'The answer comes here.'}</p>;
  if (!url || !given) return <p class="edit-empty hint">{typeof now === 'string' ? now : ''}</p>;
  return <Compare {...{ before: url, after: null, isCoarse: given.side < side.value }} />;
}
