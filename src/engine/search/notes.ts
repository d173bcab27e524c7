/** Notes about sampler options that have no effect with the model. */
import type { BeamSchedule } from '../../contract/beams.ts';
import type { ParticleSchedule } from '../../contract/particles.ts';
import type { NetworkInfo } from '../network/graph.ts';
import type { SamplerOptions } from './sampler.ts';

export function samplerNotes(
  { top, prior, beams, particles }: SamplerOptions & { readonly beams?: BeamSchedule | undefined },
  { name, levels }: NetworkInfo,
  { hasPrior, isGuided }: { readonly hasPrior: boolean; readonly isGuided: boolean },
): string[] {
  const notes: string[] = [];
  if (prior && !hasPrior)
    notes.push(`The model ${name} has no prior: where no guide decides, all choices are equally likely.`);
  if (particles !== undefined && particles !== 1 && !isGuided)
    notes.push('particles: without a guide, nothing ranks them; one is made for each result.');
  const maxCount = Math.max(...levels.map(({ candidateCount }) => candidateCount));
  if (top !== undefined && top > maxCount)
    notes.push(`top is ${top}, but the model ${name} proposes ${maxCount} at a level: any of them may be chosen.`);
  return [
    ...notes,
    ...sideNotes('beams', beams, { name, levels }),
    ...sideNotes('particles', particles, { name, levels }),
  ];
}

/** A note that names the sides of a schedule that the model lacks; none if there are no such sides. */
export function sideNotes(
  option: 'beams' | 'particles',
  schedule: BeamSchedule | ParticleSchedule | undefined,
  { name, levels }: Pick<NetworkInfo, 'name' | 'levels'>,
): string[] {
  if (typeof schedule !== 'object' || Array.isArray(schedule)) return [];
  const sides = [...new Set(levels.map(({ side }) => side))];
  const others = Object.keys(schedule).filter((side) => !sides.includes(Number(side)));
  if (others.length === 0) return [];
  return [
    `${option}: no level of ${name} has a side of ${others.join(' or ')} pixels; its sides are ${sides.join(', ')}.`,
  ];
}
