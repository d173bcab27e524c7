/** Notes about sampler options that have no effect with the model. */
import type { BeamSchedule } from '../../contract/beams.ts';
import type { Code } from '../../contract/codes.ts';
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

/** From this side on, shapes and colours are decided: what follows are details. */
const DECIDED_SIDE = 16;

/**
 * What kept levels leave to decide.
 *
 * @param prefixes their choices: none, one list for all results, or one list per result
 */
export function keptNotes(
  prefixes: readonly Code[],
  { levels }: Pick<NetworkInfo, 'levels'>,
  { isGuided, count }: { readonly isGuided: boolean; readonly count: number },
): string[] {
  const kept = prefixes[0]?.length ?? 0;
  const side = levels[kept - 1]?.side ?? 0;
  if (kept === levels.length) {
    const isRepeated = count > 1 && prefixes.length === 1;
    const same = isRepeated ? ', and all pictures are the same' : '';
    return isGuided || isRepeated ? [`All ${kept} levels are kept: nothing is left to decide${same}.`] : [];
  }
  if (!isGuided || side < DECIDED_SIDE) return [];
  return [
    `The first ${kept} of ${levels.length} levels are kept, up to ${side}×${side} pixels: shapes and colours are decided, and guides choose details only. Keep fewer levels for more.`,
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
