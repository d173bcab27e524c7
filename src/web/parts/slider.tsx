/** A slider with its label and formatted value. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export interface SliderProps {
  readonly label: ComponentChildren;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  /** @default 1 */
  readonly step?: number;
  /** The formatted value. @default the number */
  readonly text?: string;
  readonly disabled?: boolean;
  onChange(value: number): void;
}

export function Slider({ label, value, min, max, step = 1, text, disabled = false, onChange }: SliderProps) {
  const id = useId();
  return (
    <div class="slider">
      <label for={id}>{label}</label>
      <output for={id}>{text ?? value}</output>
      <input
        type="range"
        id={id}
        min={min}
        max={max}
        step={step}
        value={value}
        disabled={disabled}
        aria-valuetext={text ?? String(value)}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
    </div>
  );
}
