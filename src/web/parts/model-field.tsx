/** Which model, where there are several that draw from nothing. */
import { useId } from 'preact/hooks';
import { models } from '../state/catalogue.ts';

export interface ModelFieldProps {
  readonly value: string | undefined;
  onChange(name: string): void;
}

export function ModelField({ value, onChange }: ModelFieldProps) {
  const id = useId();
  // A conditional model's pictures have no address of their own.
  const usable = models.value.filter(({ condition }) => condition === null);
  if (usable.length < 2) return null;
  return (
    <div class="field">
      <label for={id}>model</label>
      <select {...{ id, value: value ?? '' }} onChange={(event) => onChange(event.currentTarget.value)}>
        {usable.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}
