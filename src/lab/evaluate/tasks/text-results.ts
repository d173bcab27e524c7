/** Several results of one prompt: how many match it, whether the first does, and their diversity. */
import type { GenerateRequest } from '../../../contract/requests.ts';
import type { Picture } from '../../../guide.ts';
import type { EvaluationContext } from '../context.ts';
import { JUDGE, Judge } from '../judge.ts';
import { mean, meanPairwise, rounded } from '../measures/figures.ts';
import { PROMPTS, type PromptRow } from '../prompts.ts';
import { cell, type Task } from '../task.ts';
import { CLIP, evenly, isTrue, textSkipReason } from './text.ts';

const MOST_PROMPTS = 12;
const RESULTS = 4;
/** Seeds of the requests for a single picture, beyond those of the requests for several. */
const FIRST_SEED = 1000;

export const textResults: Task = {
  name: 'text_results',
  title: `${MOST_PROMPTS} prompts × ${RESULTS} pictures: wholly true to the prompt`,
  skipReason: textSkipReason,
  async run(context) {
    const prompts = evenly(PROMPTS, Math.min(MOST_PROMPTS, context.pictures.length));
    const several = await generate(context, prompts, RESULTS);
    const single = await generate(context, prompts, 1);
    const random = meanPairwise((await context.random()).slice(0, RESULTS * MOST_PROMPTS));
    const judge = await Judge.open(context.models);
    const truths = await Promise.all(several.map((pictures, i) => truthOf(judge, prompts[i] as PromptRow, pictures)));
    await judge.close();
    const figures = {
      prompts: prompts.length,
      results: RESULTS,
      whole: rounded(mean(truths.flat()), 4),
      first_whole: rounded(mean(truths.map(([first]) => first as number)), 4),
      diversity: {
        results: rounded(mean(several.map(meanPairwise)), 4),
        seeds: rounded(mean(single.map(meanPairwise)), 4),
        random: rounded(random, 4),
      },
      guide: CLIP,
      judge: JUDGE,
    };
    const percent = (share: number | null) => `${cell(share === null ? null : 100 * share, 1)} %`;
    return {
      metrics: { text_results: figures },
      table: {
        header: ['of the pictures', ''],
        rows: [
          ['wholly true', percent(figures.whole)],
          ['wholly true, of the first', percent(figures.first_whole)],
          ['distance of the results of a request', cell(figures.diversity.results, 3)],
          ['distance of requests with other seeds', cell(figures.diversity.seeds, 3)],
          ['distance of pictures at random', cell(figures.diversity.random, 3)],
        ],
      },
      sheets: [
        {
          name: 'text_results',
          columns: Array<string>(2 * RESULTS).fill(''),
          rows: several.map((pictures, i) => [...pictures, ...(single[i] as readonly Picture[])]),
        },
      ],
    };
  },
};

/** `RESULTS` pictures of each prompt, from one request, or from as many requests with different seeds. */
async function generate(
  context: EvaluationContext,
  prompts: readonly PromptRow[],
  count: number,
): Promise<Picture[][]> {
  const times = RESULTS / count;
  const found: Picture[][] = prompts.map(() => []);
  const requestOf = (i: number): GenerateRequest => ({
    count,
    seed: count === 1 ? FIRST_SEED + i : i,
    guides: [
      { name: 'text', params: { prompt: prompts[Math.floor(i / times)]?.[0], model: CLIP, ...context.textParams } },
    ],
  });
  await context.run(`${RESULTS} pictures, ${count} a request`, prompts.length * times, requestOf, (i, { done }) => {
    found[Math.floor(i / times)]?.push(...done.results.map(({ image }) => image));
  });
  return found;
}

/** Per picture, 1 if it has all attributes that the prompt names. */
async function truthOf(judge: Judge, [, wants]: PromptRow, pictures: readonly Picture[]): Promise<number[]> {
  return (await judge.classify(pictures)).map((verdict) => Number(isTrue(wants, verdict)));
}
