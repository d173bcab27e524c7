/** A picture of the history: rendered from its code, or the stored file. */
import { useEffect, useState } from 'preact/hooks';
import type { SavedPicture } from '../state/history.ts';
import { Picture } from './picture.tsx';

export interface SavedImageProps {
  readonly saved: SavedPicture;
  /** Side in pixels of a rendered picture. */
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
    const created = URL.createObjectURL(file);
    setUrl(created);
    return () => URL.revokeObjectURL(created);
  }, [file]);
  return <img class="picture" alt={alt} draggable={false} {...(url ? { src: url } : {})} />;
}
