/** Where pictures are found again. */
import type { Output, ResultPicture, Work } from '../../worker/messages.ts';
import type { Place } from '../http/places.ts';
import type { Job } from '../jobs/job.ts';
import type { Services } from '../services.ts';

/** What is kept of a job's request when the request itself is let go of. */
interface Made {
  readonly output: Output;
  /** Whether its pictures need no more than their codes. */
  readonly isPlain: boolean;
}

const made = new WeakMap<Job, Made>();
/** File name endings of the formats. */
export const ENDINGS = { png: 'png', webp: 'webp', jpeg: 'jpg', avif: 'avif' } as const;

export function rememberMade(job: Job, work: Work): void {
  if (made.has(job)) return;
  const isPlain = work.kind === 'decode' ? work.level === undefined : true;
  made.set(job, { output: work.output, isPlain });
}

interface About {
  readonly model: string;
  readonly hash: string;
}

/** Where a result is found again; null where its code alone does not draw it. */
export function addressOf(services: Services, job: Job, about: About, { codeString }: ResultPicture): string | null {
  const known = made.get(job);
  const summary = services.pool.info?.models.find(({ name }) => name === about.model);
  if (!known?.isPlain || !codeString || !summary || summary.condition) return null;
  return permalink(about, codeString, known.output);
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

interface Asking {
  readonly services: Services;
  readonly place: Place;
}

/** A permalink as its caller can open it, with no key in a header. */
export function urlOf({ services, place }: Asking, path: string): string {
  return `${place.base}${services.signedLinks.signed(path)}`;
}
