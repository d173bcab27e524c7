/** What of a job's work is known as long as the job is; the work itself is let go of at its end. */
import type { Output, Work } from '../../worker/messages.ts';
import { bytesIn } from '../bodies/stored-work.ts';

export interface WorkOutline {
  readonly kind: Work['kind'];
  /** How its pictures are encoded. */
  readonly output: Output;
  /** Whether codes alone draw its pictures: not where they are those of an earlier level. */
  readonly isPlain: boolean;
  /** Names of the guides that it asks, in the order of their weights. */
  readonly guides: readonly string[];
  /** Of the pictures in it. */
  readonly bytes: number;
}

export function outlineOf(work: Work): WorkOutline {
  const asked = work.kind === 'generate' ? (work.request.guides ?? []) : [];
  return {
    kind: work.kind,
    output: work.output,
    isPlain: work.kind !== 'decode' || work.level === undefined,
    guides: asked.map(({ name }) => name),
    bytes: bytesIn(work),
  };
}

/** Work with other weights of its guides. */
export function withWeights(work: Work, weights: readonly number[]): Work {
  if (work.kind !== 'generate') return work;
  const guides = (work.request.guides ?? []).map((guide, i) => ({ ...guide, weight: weights[i] ?? guide.weight }));
  return { ...work, request: { ...work.request, guides } };
}
