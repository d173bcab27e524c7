/** Permalinks: picture addresses that contain model and code, so that nothing is stored for them. */
import type { Output, ResultPicture } from '../../worker/messages.ts';
import type { Place } from '../http/places.ts';
import type { Job } from '../jobs/job.ts';
import type { Services } from '../services.ts';

/** File extensions of the formats. */
export const ENDINGS = { png: 'png', webp: 'webp', jpeg: 'jpg', avif: 'avif', gif: 'gif' } as const;

interface About {
  readonly model: string;
  readonly hash: string;
}

/** The permalink of a result; null if its code alone does not reproduce it, or it is an animation. */
export function addressOf(
  services: Services,
  job: Job,
  about: About,
  { codeString, windows }: ResultPicture,
): string | null {
  const summary = services.pool.info?.models.find(({ name }) => name === about.model);
  const { isPlain, output } = job.outline;
  if (!isPlain || output.animation || windows || !codeString || !summary || summary.condition) return null;
  return permalink(about, codeString, output);
}

export function permalink({ model, hash }: About, code: string, output: Output): string {
  const { format, size, quality } = output;
  const query = new URLSearchParams({
    ...(size === undefined ? {} : { size: String(size) }),
    ...(quality === undefined || format === 'png' ? {} : { quality: String(quality) }),
  });
  const path = `/v1/images/${encodeURIComponent(model)}@${hash.slice(0, 8)}/${code}.${ENDINGS[format]}`;
  return query.size > 0 ? `${path}?${query}` : path;
}

interface Caller {
  readonly services: Services;
  readonly place: Place;
}

/** The full address of a permalink, which the caller can open without a key in a header. */
export function urlOf({ services, place }: Caller, path: string): string {
  return `${place.base}${services.signedLinks.signed(path)}`;
}
