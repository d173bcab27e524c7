/** The candidates of a slice as a source for scoring. */
import type { CandidateSource } from '../guides/score.ts';
import { COMPARED_SIDE, pointsOf, shrunk } from '../guides/shortlist.ts';
import type { DrawnLevel } from '../network/level-output.ts';
import { UndrawnLevel } from '../network/undrawn.ts';

/** The rows of a slice in a run: `rows` of them, starting at `firstRow`. */
interface Part {
  readonly rows: number;
  readonly firstRow: number;
}

/** @param guides for each form of the run, the index of its guide in the request */
export function sourceOf(output: DrawnLevel | UndrawnLevel, part: Part, guides: readonly number[]): CandidateSource {
  return output instanceof UndrawnLevel ? undrawnSource(output, part, guides) : drawnSource(output, part);
}

export function drawnSource({ candidates }: Pick<DrawnLevel, 'candidates'>, { rows, firstRow }: Part): CandidateSource {
  const [, count, channels, side] = candidates.dims as [number, number, number, number];
  const size = channels * side * side;
  const each = count * size;
  const drawn = candidates.data.subarray(firstRow * each, (firstRow + rows) * each);
  return {
    rows,
    count,
    channels,
    side,
    drawn,
    known: () => null,
    async draw(row, choices) {
      const data = new Float32Array(choices.length * size);
      for (const [i, choice] of choices.entries()) {
        const from = row * each + choice * size;
        data.set(drawn.subarray(from, from + size), i * size);
      }
      return data;
    },
    drawAll: async (row) => drawn.slice(row * each, (row + 1) * each),
    points: async (row) => pointsOf(drawn.subarray(row * each, (row + 1) * each), channels, side),
  };
}

function undrawnSource(level: UndrawnLevel, { rows, firstRow }: Part, guides: readonly number[]): CandidateSource {
  const { candidateCount: count, channels, side } = level;
  return {
    rows,
    count,
    channels,
    side,
    drawn: null,
    known(guide, row) {
      const form = guides.indexOf(guide);
      return form < 0 ? null : level.scoresOf(form, firstRow + row);
    },
    draw: (row, choices) => level.draw(firstRow + row, choices),
    drawAll: (row) => level.drawAll(firstRow + row),
    async points(row) {
      const data = await level.drawShrunk(firstRow + row, (planes) => shrunk(planes, side));
      return { data, size: channels * Math.min(side, COMPARED_SIDE) ** 2 };
    },
  };
}
