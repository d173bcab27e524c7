/** Scrubber over the levels of a descent: a strip of pictures, coarse to fine. */
export interface TimelineProps {
  readonly levels: readonly { readonly side: number }[];
  /** Level shown now. */
  readonly value: number;
  /** Last level that can be selected. @default the last */
  readonly reached?: number;
  /** URL of a picture of each level, as far as known. */
  readonly shots?: readonly (string | undefined)[];
  readonly label?: string;
  onChange(level: number): void;
}

export function Timeline(props: TimelineProps) {
  const { levels, value, reached = levels.length - 1, shots = [], label = 'Level', onChange } = props;
  const side = levels[value]?.side ?? 0;
  return (
    <div class="timeline">
      <div class="timeline-strip" aria-hidden="true">
        {levels.map((level, n) => (
          // biome-ignore format: more readable on one line
          <span key={n} class={stepClass(n, value, reached, levels[n - 1]?.side !== level.side)}>
            {n <= reached && shots[n] && <img src={shots[n]} alt="" draggable={false} />}
          </span>
        ))}
      </div>
      <input
        type="range"
        min={0}
        max={Math.max(0, levels.length - 1)}
        step={1}
        value={Math.max(0, value)}
        aria-label={label}
        aria-valuetext={`level ${value + 1} of ${levels.length}, ${side} × ${side} pixels`}
        onInput={(event) => onChange(Math.min(reached, event.currentTarget.valueAsNumber))}
      />
      <p class="timeline-text" aria-hidden="true">
        <span>
          level {Math.max(0, value + 1)} of {levels.length}
        </span>
        <span>{side > 0 ? `${side} × ${side}` : ''}</span>
      </p>
    </div>
  );
}

function stepClass(n: number, value: number, reached: number, isFirstOfSide: boolean): string {
  const names = ['step'];
  if (n <= reached) names.push('step-reached');
  if (n === value) names.push('step-now');
  if (isFirstOfSide && n > 0) names.push('step-first');
  return names.join(' ');
}
