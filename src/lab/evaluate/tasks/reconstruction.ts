/** Reconstruction: quality of greedy codes and of beam search, and how evenly codes use the candidates. */

import type { Picture } from '../../../guide.ts';
import { psnr, ssim } from '../../../kit/quality.ts';
import { resample } from '../../../kit/resample.ts';
import type { EvaluationContext } from '../context.ts';
import { mean, rounded, Usage } from '../measures/figures.ts';
import { cell, SHOWN, type Task, type TaskOutcome } from '../task.ts';

/** Number of pictures for beam search, which is slow; enough, as each is compared with its own greedy code. */
const BEAM_PICTURES = 128;
const BEAMS = [4, 16] as const;
/** Largest side for beam search: larger pictures would take hours. */
const MOST_BEAM_SIDE = 64;

export const reconstruction: Task = {
  name: 'reconstruction',
  title: 'pictures as codes',
  conditional: 'also',
  async run(context) {
    const ended = await context.ceiling();
    const found = ended.map(({ done }) => done.results[0]?.image as Picture);
    const quality = context.pictures.map((picture, i) => psnr(found[i] as Picture, picture));
    const likeness = context.pictures.map((picture, i) => ssim(found[i] as Picture, picture));
    const usage = new Usage(context.network.candidateCounts);
    for (const { done } of ended) usage.add(done.results[0]?.code ?? []);
    const beams = context.side > MOST_BEAM_SIDE ? [] : await withBeams(context, quality);
    return outcome(context, { found, quality, likeness, usage, beams });
  },
};

interface BeamFigure {
  readonly beams: number;
  readonly psnr_db: number | null;
  readonly gain_db: number | null;
  /** Milliseconds per picture, beside those of greedy on the same pictures. */
  readonly ms: number;
  readonly greedy_ms: number;
  readonly pictures: number;
}

async function withBeams(context: EvaluationContext, greedy: readonly number[]): Promise<BeamFigure[]> {
  const pictures = context.pictures.slice(0, BEAM_PICTURES);
  const time = async (beams: number): Promise<{ quality: number[]; ms: number }> => {
    const quality: number[] = [];
    const started = performance.now();
    await context.encode(`reconstruction, ${beams} beams`, pictures, beams, (i, { done }) => {
      quality.push(psnr(done.results[0]?.image as Picture, pictures[i] as Picture));
    });
    return { quality, ms: (performance.now() - started) / pictures.length };
  };
  const plain = await time(1);
  const figures: BeamFigure[] = [];
  for (const beams of BEAMS) {
    const { quality, ms } = await time(beams);
    figures.push({
      beams,
      psnr_db: rounded(mean(quality), 3),
      gain_db: rounded(mean(quality) - mean(greedy.slice(0, pictures.length)), 3),
      ms: Number(ms.toFixed(1)),
      greedy_ms: Number(plain.ms.toFixed(1)),
      pictures: pictures.length,
    });
  }
  return figures;
}

interface Measured {
  readonly found: readonly Picture[];
  readonly quality: readonly number[];
  readonly likeness: readonly number[];
  readonly usage: Usage;
  readonly beams: readonly BeamFigure[];
}

async function outcome(
  context: EvaluationContext,
  { found, quality, likeness, usage, beams }: Measured,
): Promise<TaskOutcome> {
  const random = await context.random();
  const randomDb = rounded(mean(context.pictures.map((picture, i) => psnr(random[i] as Picture, picture))), 3);
  const ratios = usage.entropyRatios;
  const bits = context.network.candidateCounts.reduce((sum, count) => sum + Math.log2(count), 0);
  const sides = await perSide(context);
  const figures = {
    pictures: context.pictures.length,
    psnr_db: rounded(mean(quality), 3),
    ssim: rounded(mean(likeness), 4),
    worst_db: rounded(Math.min(...quality), 2),
    random_db: randomDb,
    per_side_db: Object.fromEntries(sides.map(([side, db]) => [side, rounded(db, 2)])),
    beams,
  };
  return {
    metrics: {
      reconstruction: figures,
      code_entropy_ratio: rounded(mean(ratios), 4),
      code_entropy_ratio_per_level: ratios.map((ratio) => rounded(ratio, 3)),
      bits: rounded(bits, 1),
    },
    table: {
      header: ['search', 'PSNR dB', 'SSIM', 'ms a picture'],
      rows: [
        ['greedy', cell(figures.psnr_db), cell(figures.ssim, 3), cell(beams[0]?.greedy_ms, 0)],
        ...beams.map((one) => [`${one.beams} beams (${one.pictures})`, `+${cell(one.gain_db)}`, '', cell(one.ms, 0)]),
        ['random', cell(randomDb), '', ''],
        [`code entropy / log2 K: ${cell(mean(ratios), 4)}, ${bits} bits`, '', '', ''],
      ],
    },
    sheets: [
      {
        name: 'reconstruction',
        columns: ['picture', 'code', 'picture', 'code'],
        rows: Array.from({ length: SHOWN }, (_, row) => [2 * row, 2 * row + 1])
          .filter(([, second]) => (second as number) < found.length)
          .map((pair) => pair.flatMap((i) => [context.pictures[i] as Picture, found[i] as Picture])),
      },
      { name: 'random', columns: Array(8).fill(''), rows: rowsOf(random.slice(0, 64), 8) },
    ],
  };
}

/** PSNR of the preview at the last level of each side against the shrunk picture: where the error arises. */
async function perSide(context: EvaluationContext): Promise<[string, number][]> {
  const ended = await context.ceiling();
  const { levels } = context.network.info;
  const lasts = levels.flatMap(({ side }, level) => (levels[level + 1]?.side === side ? [] : [{ side, level }]));
  return lasts.map(({ side, level }) => {
    const values = ended.map(({ levels: events }, i) => {
      const preview = events[level]?.previews[0] as Picture;
      const size = { height: context.side, width: context.side };
      const large = {
        ...size,
        channels: context.channels,
        data: resample(preview.data, preview, size, 'bilinear-plain'),
      };
      return psnr(large, context.pictures[i] as Picture);
    });
    return [String(side), mean(values)];
  });
}

function rowsOf(pictures: readonly Picture[], columns: number): Picture[][] {
  const whole = pictures.slice(0, pictures.length - (pictures.length % columns));
  return Array.from({ length: whole.length / columns }, (_, row) => whole.slice(row * columns, (row + 1) * columns));
}
