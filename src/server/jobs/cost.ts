/**
 * The cost of a request: one formula for the limits of a request and for how much runs at once.
 *
 * `work`, in megapixels that a network generates (one takes some 8 ms on two cores), is the sum of
 *
 * - generated: results × Σ over levels of (particles × beams before it × candidates × side²); a whole picture counts as
 *   many results as it has squares; levels that a prior chooses without candidates count as `DRAWN_ALONE` candidates
 * - scored: results × Σ over levels of (particles × candidates that an expensive guide scores) × `LOOK`, for each such guide
 * - encoded: Σ over pictures of (width × height × `ENCODING` of the format), including previews and animation frames
 *
 * To lower it: fewer results, fewer beams or particles (most of all at large sides), a shorter shortlist, smaller
 * pictures, fewer frames, a format that is quicker to encode.
 */
import { beamsPerLevel } from '../../contract/beams.ts';
import { type ParticleSchedule, particlesOf, populationPerLevel } from '../../contract/particles.ts';
import { FINEST_ASKED } from '../../contract/sides.ts';
import { fittedSize } from '../../pictures/codec.ts';
import type { GuideSummary, ModelSummary, PictureFormat, Work, WorkerInfo } from '../../worker/messages.ts';
import { wholeCost } from './whole-pictures.ts';

export interface Cost {
  /** Megapixels, as above: a measure of time. */
  readonly work: number;
  /** Results times the largest number of beams and of particles per result. */
  readonly slots: number;
  /** Candidates from which an expensive guide's shortlist is chosen, for one result. */
  readonly choice: number;
  /** Pixels of all finished pictures. */
  readonly pixels: number;
  /** Bytes of worker memory while it runs, without its body. */
  readonly memory: number;
  /** Upper bound on the bytes of its finished pictures. */
  readonly answerBytes: number;
}

const MEGA = 1e6;
/** Cost of a level chosen without candidates, in candidates. */
const DRAWN_ALONE = 8;
/**
 * Cost in pixels of one picture scored by an expensive guide, which runs a network of its own: 2 ms, CLIP on two cores.
 */
const LOOK = 250_000;
/** Time to encode a pixel relative to generating one. Measured at 2048×2048. */
const ENCODING: Readonly<Record<PictureFormat, number>> = { png: 12, jpeg: 8, webp: 28, avif: 350, gif: 80 };
/** Upper bound on bytes per encoded pixel; a GIF pixel is an index, poorly compressed. */
const ENCODED_BYTES: Readonly<Record<PictureFormat, number>> = { png: 3.1, jpeg: 3, webp: 3, avif: 3, gif: 1.5 };
/** Bytes per pixel of a whole picture: kept as bytes with its mask, and one result at a time as floats. */
const WHOLE_BYTES = 32;
/** Largest side of its previews. */
const WHOLE_PREVIEW = 512;
/** Bytes of a file's metadata and of a result's other fields. */
const ABOUT_BYTES = 4096;
/** Fixed memory per job. */
const JOB_BYTES = 2 ** 20;

/** What the cost depends on besides the request. */
export type Known = Pick<WorkerInfo, 'models' | 'defaultModel' | 'guides' | 'beamBytes'>;

/** Cost of work. For an unknown model, only the pictures count: the request is refused later for the model. */
export function costOf(work: Work, known: Known): Cost {
  const name = modelOf(work) ?? known.defaultModel;
  const model = known.models.find((one) => one.name === name);
  const { count: results, beams } = searchOf(work, model);
  const whole = wholeCost(work, model?.side ?? 0);
  const count = results * (whole?.squares ?? 1);
  const { format, size } = work.output;
  const { width, height } = fittedSize(whole ?? { width: model?.side ?? 0, height: model?.side ?? 0 }, size);
  const frames = framesIn(work.output, model);
  const pixels = results * frames * width * height;
  const rows = beams.map((_, level) => (level === 0 ? 1 : (beams[level - 1] as number)));
  const lists = shortlistsOf(work, known.guides);
  const finest = finestProposed(work, model, lists);
  const particles = particlesAtEach(work, model, { lists, finest });
  const levels = (model?.levels ?? []).map((level, i) => ({
    ...level,
    rows: rows[i] as number,
    particles: particles[i] as number,
  }));
  const proposed = levels.reduce((sum, level) => {
    const candidates = level.side > finest ? DRAWN_ALONE : level.candidates;
    return sum + level.particles * level.rows * candidates * level.side ** 2;
  }, 0);
  const asked = levels.filter(({ side }) => side <= finest);
  const looked = asked.reduce(
    (sum, level) => sum + level.particles * lists.reduce((all, list) => all + askedOf(list, level), 0),
    0,
  );
  return {
    work: (count * (proposed + looked * LOOK) + pixels * ENCODING[format] + previewed(work, model, results)) / MEGA,
    slots: slotsOf(work, Math.max(1, ...particles)) * (whole?.squares ?? 1),
    choice: lists.length > 0 ? Math.max(0, ...levels.map((level) => level.rows * level.candidates)) : 0,
    pixels,
    memory:
      JOB_BYTES +
      count * Math.max(1, ...levels.map((level) => level.particles * level.rows)) * (known.beamBytes[name] ?? 0) +
      (whole ? whole.width * whole.height * WHOLE_BYTES : 0) +
      recorded(model, results * (frames - 1), whole ? WHOLE_PREVIEW : model?.side),
    answerBytes: pixels * ENCODED_BYTES[format] + count * ABOUT_BYTES,
  };
}

/** Results times the largest number of beams, and of particles, of each. */
export function slotsOf(work: Work, particles = 1): number {
  if (work.kind === 'decode') return work.codes.length;
  const beams = work.kind === 'encode' ? work.beams : work.request.sampler?.beams;
  const count = work.kind === 'encode' ? 1 : (work.request.count ?? 1);
  const kept = typeof beams === 'object' ? Object.values(beams) : [beams ?? 1];
  return count * particles * Math.max(1, ...kept);
}

/** Number of frames per file. */
function framesIn({ animation }: Work['output'], model: ModelSummary | undefined): number {
  const levels = model?.levels.length ?? 1;
  return animation ? Math.min(animation.frames ?? levels, levels) : 1;
}

/** Bytes of the frames recorded for an animation. */
function recorded(model: ModelSummary | undefined, frames: number, side = 0): number {
  return model ? frames * 3 * side ** 2 : 0;
}

function modelOf(work: Work): string | undefined {
  return work.kind === 'generate' ? work.request.model : work.model;
}

function searchOf(work: Work, model: ModelSummary | undefined): { count: number; beams: number[] } {
  const sides = (model?.levels ?? []).map(({ side }) => side);
  if (work.kind === 'decode') return { count: work.codes.length, beams: sides.map(() => 1) };
  if (work.kind === 'encode') return { count: 1, beams: beamsPerLevel(work.beams, sides) };
  const { count = 1, sampler } = work.request;
  return { count, beams: beamsPerLevel(sampler?.beams, sides) };
}

/** Descents for each result at each level, of a request that asks guides up to a side. */
function particlesAtEach(
  work: Work,
  model: ModelSummary | undefined,
  { lists, finest }: { readonly lists: readonly Shortlist[]; readonly finest: number },
): number[] {
  const sides = (model?.levels ?? []).map(({ side }) => side);
  if (work.kind !== 'generate' || (work.request.guides ?? []).length === 0) return sides.map(() => 1);
  const { count = 1, sampler = {} } = work.request;
  const worth = lists.map(({ particles }) => particles);
  const schedule = particlesOf({ ...sampler, count, hasPrior: model?.hasPrior ?? false, guides: worth });
  return populationPerLevel(schedule, sides, { count, asked: sides.filter((side) => side <= finest).length }).map(
    (all) => all / count,
  );
}

/**
 * Largest side, in pixels, whose candidates are all generated: above `FINEST_ASKED` a prior chooses without candidates,
 * unless a cheap guide scores all of them or an expensive one requests it (`toSide`).
 */
function finestProposed(work: Work, model: ModelSummary | undefined, lists: readonly Shortlist[]): number {
  if (work.kind !== 'generate' || !model?.hasPrior) return Number.POSITIVE_INFINITY;
  const guides = work.request.guides ?? [];
  const isOpen = guides.length > lists.length || guides.some(({ params }) => params?.toSide !== undefined);
  return isOpen ? Number.POSITIVE_INFINITY : FINEST_ASKED;
}

interface Shortlist {
  readonly shortlist: number;
  readonly refine: number;
  /** Descents that the guide is worth. */
  readonly particles: ParticleSchedule | undefined;
}

/** Shortlists of the guides that only score a shortlist: those are the expensive ones. */
function shortlistsOf(work: Work, guides: readonly GuideSummary[]): Shortlist[] {
  if (work.kind !== 'generate') return [];
  return (work.request.guides ?? []).flatMap(({ name, params = {} }) => {
    const guide = guides.find((one) => one.name === name);
    const properties = guide?.params.properties;
    const number = (field: string) => numberOf(params[field]) ?? numberOf(defaultOf(properties, field));
    const shortlist = number('shortlist');
    return shortlist === null ? [] : [{ shortlist, refine: number('refine') ?? 0, particles: guide?.particles }];
  });
}

function defaultOf(properties: unknown, field: string): unknown {
  if (!isObject(properties)) return undefined;
  const property = properties[field];
  return isObject(property) ? property.default : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : null;
}

/** A shortlist holds at least twice as many candidates as beams are kept. */
function askedOf({ shortlist, refine }: Shortlist, { rows, candidates }: { rows: number; candidates: number }): number {
  return Math.min(rows * candidates, (rows === 1 ? shortlist : Math.max(shortlist, 2 * rows)) + refine);
}

function previewed(work: Work, model: ModelSummary | undefined, count: number): number {
  if (work.kind === 'decode' || !work.previews) return 0;
  const { images, levels, size, format } = work.previews;
  const isWhole = work.kind === 'generate' && work.wholeSize !== undefined;
  const sides = (model?.levels ?? []).map(({ side }) => size ?? (isWhole ? WHOLE_PREVIEW : side));
  const shown = levels ? sides.filter((_, level) => levels.includes(level)) : sides;
  return Math.min(images, count) * ENCODING[format] * shown.reduce((sum, side) => sum + side * side, 0);
}
