/** Card of a guide of the request: weight and parameters. */
import type { GuideAnswer } from '../../client/client.ts';
import type { GuideUse } from '../state/recipe.ts';
import { Field } from './field.tsx';
import { fieldsOf, nameInWords, type Schema } from './schema.ts';
import { Slider } from './slider.tsx';

export interface GuideCardProps {
  readonly guide: GuideAnswer;
  readonly use: GuideUse;
  /** Fields that are shown elsewhere. */
  readonly hidden?: readonly string[];
  /** Title of the optional fields. @default More settings */
  readonly more?: string;
  onChange(use: GuideUse): void;
  onRemove?: () => void;
}

const MAX_WEIGHT = 3;

export function GuideCard({ guide, use, hidden = [], more = 'More settings', onChange, onRemove }: GuideCardProps) {
  const { needed, others, all } = fieldsOf(guide.params);
  const field = (name: string) => (
    <Field
      key={name}
      name={name}
      required={needed.includes(name)}
      value={use.params[name]}
      schema={all[name] as Schema}
      onChange={(value) => onChange({ ...use, params: withValue(use.params, name, value) })}
    />
  );
  const isShown = (name: string) => !hidden.includes(name);
  const title = nameInWords(guide.name);
  return (
    <section class="guide-card card" aria-label={`Guide ${title}`}>
      <header>
        <h3>{title}</h3>
        {onRemove && (
          <button type="button" class="quiet" aria-label={`Remove the guide ${title}`} onClick={onRemove}>
            Remove
          </button>
        )}
      </header>
      <p class="hint">{guide.description}</p>
      <Slider
        label="weight"
        min={-MAX_WEIGHT}
        max={MAX_WEIGHT}
        step={0.1}
        value={use.weight}
        text={weightInWords(use.weight)}
        onChange={(weight) => onChange({ ...use, weight })}
      />
      {needed.filter(isShown).map(field)}
      {others.some(isShown) && (
        <details>
          <summary>{more}</summary>
          {others.filter(isShown).map(field)}
        </details>
      )}
    </section>
  );
}

function weightInWords(weight: number): string {
  if (weight === 0) return 'off';
  return weight < 0 ? `away, ${-weight}` : String(weight);
}

function withValue(params: GuideUse['params'], name: string, value: unknown): GuideUse['params'] {
  const { [name]: _, ...rest } = params;
  return value === undefined ? rest : { ...rest, [name]: value };
}
