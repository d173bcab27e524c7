/** A form field for one parameter, generated from its JSON Schema. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { PictureField } from './picture-field.tsx';
import { kindOf, nameInWords, type Schema } from './schema.ts';

export interface FieldProps {
  readonly name: string;
  readonly schema: Schema;
  /** undefined: not set, the default applies. */
  readonly value: unknown;
  readonly required?: boolean;
  onChange(value: unknown): void;
}

interface InputProps extends FieldProps {
  readonly id: string;
  readonly hint: string | undefined;
}

export function Field(props: FieldProps) {
  const { name, schema, required = false } = props;
  const id = useId();
  const hint = schema.description ? `${id}-hint` : undefined;
  const Input = INPUTS[kindOf(schema)];
  return (
    <div class="field">
      <label for={id}>
        {nameInWords(name)}
        {required && props.value === undefined && <span class="needed"> needed</span>}
      </label>
      <Input {...props} id={id} hint={hint} />
      {hint && (
        <p class="hint" id={hint}>
          {schema.description}
        </p>
      )}
    </div>
  );
}

const INPUTS: Readonly<Record<ReturnType<typeof kindOf>, (props: InputProps) => JSX.Element>> = {
  picture: ({ id, hint, name, value, onChange }) => (
    <PictureField
      id={id}
      name={name}
      onChange={onChange}
      hint={hint}
      value={typeof value === 'string' ? value : undefined}
    />
  ),
  choice: ({ id, hint, schema, value, onChange }) => (
    <select
      id={id}
      aria-describedby={hint}
      value={String(value ?? schema.default ?? '')}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    >
      {schema.default === undefined && <option value="" />}
      {schema.enum?.map((one) => (
        <option key={one} value={one}>
          {one}
        </option>
      ))}
    </select>
  ),
  switch: ({ id, hint, schema, value, onChange }) => (
    <input
      id={id}
      aria-describedby={hint}
      type="checkbox"
      checked={Boolean(value ?? schema.default)}
      onChange={(event) => onChange(event.currentTarget.checked)}
    />
  ),
  number: ({ id, hint, schema, value, onChange }) => (
    <input
      id={id}
      aria-describedby={hint}
      type="number"
      max={schema.maximum}
      min={schema.minimum}
      step={schema.type === 'integer' ? 1 : 'any'}
      placeholder={placeholderOf(schema)}
      value={typeof value === 'number' ? value : ''}
      onInput={({ currentTarget: { valueAsNumber } }) =>
        onChange(Number.isNaN(valueAsNumber) ? undefined : valueAsNumber)
      }
    />
  ),
  text: ({ id, hint, schema, value, required, onChange }) => (
    <input
      id={id}
      aria-describedby={hint}
      type="text"
      required={required}
      placeholder={placeholderOf(schema)}
      value={typeof value === 'string' ? value : ''}
      onInput={(event) => onChange(event.currentTarget.value || undefined)}
    />
  ),
  texts: ({ id, hint, schema, value, onChange }) => (
    <textarea
      id={id}
      aria-describedby={hint}
      rows={2}
      placeholder={placeholderOf(schema) || 'one per line'}
      value={Array.isArray(value) ? value.join('\n') : ''}
      onInput={({ currentTarget }) => {
        const lines = currentTarget.value.split('\n').filter((line) => line.trim());
        onChange(lines.length > 0 ? lines : undefined);
      }}
    />
  ),
  json: JsonInput,
};

function JsonInput({ id, hint, value, onChange }: InputProps) {
  const [text, setText] = useState(value === undefined ? '' : JSON.stringify(value));
  const [isInvalid, setInvalid] = useState(false);
  const read = (next: string) => {
    setText(next);
    try {
      onChange(next.trim() ? JSON.parse(next) : undefined);
      setInvalid(false);
    } catch {
      setInvalid(true);
    }
  };
  return (
    <>
      <textarea
        id={id}
        rows={2}
        class="mono"
        aria-describedby={hint}
        aria-invalid={isInvalid}
        value={text}
        spellcheck={false}
        placeholder="JSON"
        onInput={(event) => read(event.currentTarget.value)}
      />
      {isInvalid && <p class="wrong">Not valid JSON: the last valid value is used.</p>}
    </>
  );
}

function placeholderOf({ default: standard }: Schema): string {
  if (standard === undefined) return '';
  return Array.isArray(standard) ? standard.join('\n') : String(standard);
}
