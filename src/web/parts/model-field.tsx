/** Which model, where there are several. */
import { useId } from 'preact/hooks';
import type { ModelAnswer } from '../../client/client.ts';
import { models } from '../state/catalogue.ts';

export interface ModelFieldProps {
  readonly value: string | undefined;
  /** @default those that draw from nothing: pictures of the others have no address of their own */
  readonly among?: readonly ModelAnswer[];
  onChange(name: string): void;
}

export function ModelField({ value, among, onChange }: ModelFieldProps) {
  const id = useId();
  const usable = among ?? models.value.filter(({ condition }) => condition === null);
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
