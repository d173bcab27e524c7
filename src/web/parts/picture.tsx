/** The picture of a code, fetched by its permalink. */
import { useEffect, useState } from 'preact/hooks';
import { base, key } from '../state/server.ts';

export interface PictureProps {
  readonly model: string;
  readonly hash: string;
  /** The code string. */
  readonly code: string;
  /** The preview after this level. @default the last */
  readonly level?: number | undefined;
  /** Side in pixels of the picture requested from the server. @default the model's own */
  readonly size?: number | undefined;
  readonly alt: string;
  readonly class?: string | undefined;
}

export function pictureUrl({ model, hash, code, level, size }: Omit<PictureProps, 'alt' | 'class'>, ending = 'webp') {
  const query = new URLSearchParams({
    ...(size === undefined ? {} : { size: String(size) }),
    ...(level === undefined ? {} : { level: String(level) }),
  });
  const path = `${base}/v1/images/${encodeURIComponent(model)}@${hash.slice(0, 8)}/${code}.${ending}`;
  return query.size > 0 ? `${path}?${query}` : path;
}

export function Picture(props: PictureProps) {
  const { alt } = props;
  const url = pictureUrl(props);
  const [failed, setFailed] = useState('');
  const shown = useKeyed(url);
  const names = `picture ${props.class ?? ''}`;
  if (failed === url)
    return (
      <span class={`${names} picture-gone`} role="img" aria-label={alt}>
        Its model has changed
      </span>
    );
  return (
    <img
      alt={alt}
      class={names}
      loading="lazy"
      decoding="async"
      draggable={false}
      {...(shown ? { src: shown } : {})}
      onError={() => setFailed(url)}
    />
  );
}

/** The URL to display: fetched with the API key if there is one, otherwise the permalink itself. */
function useKeyed(url: string): string | null {
  const [fetched, setFetched] = useState<string | null>(null);
  const secret = key.value;
  useEffect(() => {
    if (!secret) return;
    let saved: string | null = null;
    const stop = new AbortController();
    fetch(url, { headers: { authorization: `Bearer ${secret}` }, signal: stop.signal })
      .then((answer) => answer.blob())
      .then((blob) => {
        saved = URL.createObjectURL(blob);
        setFetched(saved);
      })
      .catch(() => {});
    return () => {
      stop.abort();
      if (saved) URL.revokeObjectURL(saved);
    };
  }, [url, secret]);
  return secret ? fetched : url;
}
