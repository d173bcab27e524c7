/** A form field whose value is a picture: opened, dropped or pasted. */
import { useState } from 'preact/hooks';
import { useDropping } from './dropping.ts';

export interface PictureFieldProps {
  readonly id?: string | undefined;
  readonly name: string;
  readonly hint?: string | undefined;
  /** A data URL. */
  readonly value: string | undefined;
  onChange(value: string | undefined): void;
}

/** The server's limit; larger files are rejected here. */
const MAX_BYTES = 16 * 2 ** 20;

export function PictureField({ id, name, hint, value, onChange }: PictureFieldProps) {
  const [problem, setProblem] = useState('');
  const select = async (file: File | null | undefined) => {
    if (!file) return;
    const found = problemOf(file);
    setProblem(found);
    if (!found) onChange(await readAsUrl(file));
  };
  const { isOver, handlers } = useDropping((file) => void select(file));
  return (
    <fieldset
      aria-label={name}
      class={isOver ? 'picture-field over' : 'picture-field'}
      {...handlers}
      onPaste={(event) => void select(event.clipboardData?.files[0])}
    >
      {value && <img class="picture" src={value} alt={`Selected ${name}`} />}
      <input
        id={id}
        type="file"
        accept="image/*"
        aria-describedby={hint}
        onChange={(event) => void select(event.currentTarget.files?.[0])}
      />
      {problem && (
        <p class="wrong" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}

function problemOf({ type, size, name }: File): string {
  if (!type.startsWith('image/')) return `${name} is not a picture. Use a PNG, JPEG, WebP, AVIF, TIFF or GIF file.`;
  if (size > MAX_BYTES) return `${name} has ${Math.round(size / 2 ** 20)} MiB; the limit is 16 MiB. Shrink it first.`;
  return '';
}

export function readAsUrl(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
