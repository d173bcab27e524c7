/** Selects a model, if there are several. */
import { useId } from 'preact/hooks';
import type { ModelAnswer } from '../../client/client.ts';
import { plainModels } from '../state/catalogue.ts';

export interface ModelFieldProps {
  readonly value: string | undefined;
  /** @default the unconditional models */
  readonly among?: readonly ModelAnswer[];
  onChange(name: string): void;
}

export function ModelField({ value, among, onChange }: ModelFieldProps) {
  const id = useId();
  const usable = among ?? plainModels.value;
  if (usable.length < 2) return null;
  return (
    <div class="field">
      <label for={id}>model</label>
      <select id={id} value={value ?? ''} onChange={(event) => onChange(event.currentTarget.value)}>
        {usable.map(({ name, title }) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}
