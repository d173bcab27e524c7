/** Bits that the prior needs for the codes of held-out pictures (cross-entropy). */
import type { Code } from '../../../contract/codes.ts';
import { certainNoise } from '../../../engine/search/prior-paths.ts';
import type { Picture } from '../../../guide.ts';
import type { EvaluationContext } from '../context.ts';
import { mean, rounded } from '../measures/figures.ts';
import { cell, type Task } from '../task.ts';

export const prior: Task = {
  name: 'prior',
  conditional: 'also',
  title: 'bits of the codes of held-out pictures under the prior',
  skipReason: async (setting) => (setting.hasPrior ? null : 'the model has no prior (scripts/train_prior.py)'),
  async run(context) {
    const codes = (await context.ceiling()).map(({ done }) => done.results[0]?.code as Code);
    const perLevel = await bitsPerLevel(context, codes);
    const { levels } = context.network.info;
    const uniform = levels.reduce((sum, { candidateCount }) => sum + Math.log2(candidateCount), 0);
    const bits = perLevel.reduce((sum, value) => sum + value, 0);
    const sides = [...new Set(levels.map(({ side }) => side))];
    const ofSide = (side: number, values: readonly number[]) =>
      values.reduce((sum, value, level) => sum + (levels[level]?.side === side ? value : 0), 0);
    const even = levels.map(({ candidateCount }) => Math.log2(candidateCount));
    return {
      metrics: {
        prior: {
          pictures: codes.length,
          bits: rounded(bits, 2),
          bits_uniform: rounded(uniform, 2),
          bytes: Math.ceil(bits / 8),
          bits_per_level: perLevel.map((value) => rounded(value, 3)),
        },
      },
      table: {
        header: ['levels of', 'bits', 'all choices equally likely'],
        rows: [
          ...sides.map((side) => [`${side} px`, cell(ofSide(side, perLevel), 1), cell(ofSide(side, even), 1)]),
          ['whole code', cell(bits, 1), cell(uniform, 1)],
        ],
      },
      sheets: [],
    };
  },
};

/** Mean bits per level over all codes, [L]. */
async function bitsPerLevel(context: EvaluationContext, codes: readonly Code[]): Promise<number[]> {
  const { network } = context;
  const found: (readonly number[])[] = [];
  for (let from = 0; from < codes.length; from += network.rowsPerDescend) {
    const part = codes.slice(from, from + network.rowsPerDescend);
    const conditions = await Promise.all(
      part.map((_, i) => context.conditionOf(context.pictures[from + i] as Picture)),
    );
    const paths = await network.descend(
      part.map((code) => certainNoise(network.info, code)),
      conditions,
    );
    found.push(...paths.map(({ logPrior }) => logPrior));
    context.reportProgress(found.length, codes.length, 'bits of codes');
  }
  return network.info.levels.map((_, level) => mean(found.map((logs) => -(logs[level] as number) / Math.LN2)));
}
