/** Before and after in one frame, with a divider to drag or to move with keys. */
import { useState } from 'preact/hooks';

export interface CompareProps {
  readonly before: string;
  /** null: not started. */
  readonly after: string | null;
  /** Whether the picture before is small and shown with visible pixels. */
  readonly isCoarse?: boolean;
  /** Width / height. @default a square */
  readonly shape?: string;
}

export function Compare({ before, after, isCoarse = false, shape = '1' }: CompareProps) {
  const [at, setAt] = useState(50);
  return (
    <div class="compare" style={{ '--at': `${at}%`, aspectRatio: shape }}>
      <img class={isCoarse ? 'coarse' : ''} src={before} alt="Before" draggable={false} />
      {after && (
        <>
          <img class="compare-after" src={after} alt="After" draggable={false} />
          <span class="compare-line" aria-hidden="true" />
          <span class="compare-name" aria-hidden="true">
            before
          </span>
          <span class="compare-name compare-name-after" aria-hidden="true">
            after
          </span>
          <input
            type="range"
            min={0}
            max={100}
            step={1}
            value={at}
            aria-label="Divider of before and after"
            aria-valuetext={`${at} % before, ${100 - at} % after`}
            onInput={(event) => setAt(event.currentTarget.valueAsNumber)}
          />
        </>
      )}
    </div>
  );
}
