/** The part of a job's work that is kept after the job ends; the work itself is released. */
import type { Output, Work } from '../../worker/messages.ts';
import { bytesIn } from '../bodies/stored-work.ts';

export interface WorkOutline {
  readonly kind: Work['kind'];
  /** How its pictures are encoded. */
  readonly output: Output;
  /** Whether its codes alone reproduce its pictures; false for pictures of an earlier level. */
  readonly isPlain: boolean;
  /** Names of its guides, in the order of their weights. */
  readonly guides: readonly string[];
  /** Total bytes of the pictures. */
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

/** Copies work with other guide weights. */
export function withWeights(work: Work, weights: readonly number[]): Work {
  if (work.kind !== 'generate') return work;
  const guides = (work.request.guides ?? []).map((guide, i) => ({ ...guide, weight: weights[i] ?? guide.weight }));
  return { ...work, request: { ...work.request, guides } };
}
