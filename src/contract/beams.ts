/** Beam schedules: how many descents a result keeps at each level. */

/**
 * How many descents a result keeps at a level: a number (four times as many at the coarse sides, see `beamsPerLevel`),
 * one per level (the last entry continues), or per side.
 */
export type BeamSchedule = number | readonly number[] | Readonly<Record<string, number>>;

const COARSE_FACTOR = 4;

/**
 * Most bytes of candidates that a choice among several beams draws at once. Where there are more, those of one beam are
 * drawn, scored and forgotten before the next.
 */
export const MAX_DRAWN_BYTES = 64 * 2 ** 20;

/**
 * Beams kept after each level. After the last it is always 1: the best beam is the result. A plain number applies where
 * levels are expensive; up to a quarter of the final side, where most is decided and little computed, it is four times
 * that.
 */
export function beamsPerLevel(schedule: BeamSchedule | undefined, sides: readonly number[]): number[] {
  const finalSide = sides.at(-1) ?? 1;
  const at = (side: number, level: number): number => {
    if (schedule === undefined || schedule === 1) return 1;
    if (typeof schedule === 'number') return side <= finalSide / 4 ? COARSE_FACTOR * schedule : schedule;
    if (isList(schedule)) return schedule[Math.min(level, schedule.length - 1)] ?? 1;
    return schedule[side] ?? 1;
  };
  return sides.map((side, level) => (level === sides.length - 1 ? 1 : at(side, level)));
}

function isList(schedule: BeamSchedule): schedule is readonly number[] {
  return Array.isArray(schedule);
}
