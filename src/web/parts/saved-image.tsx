/** A picture of the history: drawn from its code, or the file that is kept. */
import { useEffect, useState } from 'preact/hooks';
import type { SavedPicture } from '../state/history.ts';
import { Picture } from './picture.tsx';

export interface SavedImageProps {
  readonly saved: SavedPicture;
  /** Side in pixels of what is drawn. */
  readonly size: number;
  readonly alt: string;
}

export function SavedImage({ saved, size, alt }: SavedImageProps) {
  const { model, hash, codeString, kept } = saved;
  if (kept) return <KeptImage file={kept.file} alt={alt} />;
  return <Picture model={model} hash={hash} code={codeString} size={size} alt={alt} />;
}

function KeptImage({ file, alt }: { readonly file: Blob; readonly alt: string }) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return <img class="picture" alt={alt} draggable={false} {...(url ? { src: url } : {})} />;
}
