/** A picture as a value: opened, dropped or pasted; as a data URL. */
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

/** Larger files are refused, as the server would refuse them. */
const MAX_BYTES = 16 * 2 ** 20;

export function PictureField({ id, name, hint, value, onChange }: PictureFieldProps) {
  const [problem, setProblem] = useState('');
  const take = async (file: File | null | undefined) => {
    if (!file) return;
    const wrong = problemOf(file);
    setProblem(wrong);
    if (!wrong) onChange(await readAsUrl(file));
  };
  const { isOver, handlers } = useDropping((file) => void take(file));
  return (
    <fieldset
      aria-label={name}
      class={isOver ? 'picture-field over' : 'picture-field'}
      {...handlers}
      onPaste={(event) => void take(event.clipboardData?.files[0])}
    >
      {value && <img class="picture" src={value} alt={`Selected ${name}`} />}
      <input
        id={id}
        type="file"
        accept="image/*"
        aria-describedby={hint}
        onChange={(event) => void take(event.currentTarget.files?.[0])}
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
  if (size > MAX_BYTES)
    return `${name} has ${Math.round(size / 2 ** 20)} MiB, more than the 16 MiB that fit. Shrink it first.`;
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
