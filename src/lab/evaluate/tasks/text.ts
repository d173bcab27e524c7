/** Text guidance: how many of the named attributes an independent judge finds, and the cost. */

import type { GenerateRequest } from '../../../contract/requests.ts';
import { toKandidError } from '../../../errors.ts';
import type { Picture } from '../../../guide.ts';
import { findModel } from '../../../runtime/models.ts';
import { drawAvatar, visibleLabels } from '../../datasets/avatars.ts';
import { AVATAAARS } from '../../datasets/styles/avataaars.ts';
import type { EvaluationContext } from '../context.ts';
import { JUDGE, Judge, type Verdict } from '../judge.ts';
import { LONG_PROMPTS } from '../long-prompts.ts';
import { mean, rounded } from '../measures/figures.ts';
import { PROMPTS, type PromptRow } from '../prompts.ts';
import { cell, type Setting, type Table, type Task, type TaskOutcome } from '../task.ts';

export const CLIP = 'avatars-clip';

/** Number of pictures on which the judge is measured. */
const JUDGED = 500;

/** Why the task cannot run, or null. */
export async function textSkipReason({ dataset, models }: Setting): Promise<string | null> {
  if (dataset !== 'avatars') return 'the prompts are about avatars, and the model was not trained on them';
  try {
    for (const name of [CLIP, JUDGE]) await findModel(name, models);
    return null;
  } catch (error) {
    return toKandidError(error).message;
  }
}

export const text: Task = {
  name: 'text',
  title: 'prompts: named attributes that the judge finds',
  skipReason: textSkipReason,
  run: (context) => judged(context, 'text', PROMPTS, {}),
};

export const textAll: Task = {
  name: 'text_all',
  title: 'the same, CLIP seeing all candidates at every level',
  onRequest: true,
  skipReason: textSkipReason,
  run: (context) => judged(context, 'text_all', PROMPTS, { fromSide: 1, shortlist: 4096, refine: 0 }),
};

export const textLong: Task = {
  name: 'text_long',
  title: 'descriptions that name five attributes each',
  skipReason: textSkipReason,
  run: (context) => judged(context, 'text_long', LONG_PROMPTS, {}),
};

interface Judged {
  readonly prompts: readonly PromptRow[];
  readonly pictures: readonly Picture[];
  readonly verdicts: readonly Verdict[];
  /** Candidates scored by CLIP, per result. */
  readonly seen: number;
}

async function judged(
  context: EvaluationContext,
  name: string,
  rows: readonly PromptRow[],
  params: Record<string, unknown>,
): Promise<TaskOutcome> {
  const judge = await Judge.open(context.models);
  try {
    const prompts = evenly(rows, context.pictures.length);
    const guided = await generate(context, name, prompts, params, judge);
    const random = await judge.classify(await context.random());
    return outcome(context, name, guided, random, await judgeSkill(context, judge));
  } finally {
    await judge.close();
  }
}

async function generate(
  context: EvaluationContext,
  label: string,
  prompts: readonly PromptRow[],
  params: Record<string, unknown>,
  judge: Judge,
): Promise<Judged> {
  const pictures: Picture[] = [];
  let seen = 0;
  const requestOf = (i: number): GenerateRequest => ({
    guides: [{ name: 'text', params: { prompt: prompts[i]?.[0], model: CLIP, ...context.textParams, ...params } }],
  });
  await context.run(label, prompts.length, requestOf, (_, { done }) => {
    pictures.push(done.results[0]?.image as Picture);
    seen += done.guides[0]?.candidates ?? 0;
  });
  return { prompts, pictures, verdicts: await judge.classify(pictures), seen: seen / prompts.length };
}

interface JudgeSkill {
  readonly renders: number | null;
  /** Accuracy on the nearest codes of the same pictures, approximately the upper bound of guidance. */
  readonly codes: number | null;
}

/** Accuracy of the judge over all visible attributes. */
function judgeSkill(context: EvaluationContext, judge: Judge): Promise<JudgeSkill> {
  return context.cached('judge', async () => {
    const labels = context.pictures
      .slice(0, JUDGED)
      .map((_, i) => visibleLabels(AVATAAARS, drawAvatar(AVATAAARS, `test-${i}`)));
    const skill = async (pictures: readonly Picture[]) => {
      const verdicts = await judge.classify(pictures);
      const right = labels.flatMap((one, i) =>
        Object.entries(one).map(([attribute, value]) => Number(verdicts[i]?.[attribute] === value)),
      );
      return rounded(mean(right), 4);
    };
    const codes = (await context.ceiling())
      .slice(0, labels.length)
      .map(({ done }) => done.results[0]?.image as Picture);
    return { renders: await skill(context.pictures.slice(0, labels.length)), codes: await skill(codes) };
  });
}

function outcome(
  context: EvaluationContext,
  name: string,
  { prompts, pictures, verdicts, seen }: Judged,
  random: readonly Verdict[],
  skill: JudgeSkill,
): TaskOutcome {
  const found = countHits(prompts, (i) => [verdicts[i] as Verdict]);
  const byChance = countHits(prompts, () => random);
  const all = context.network.candidateCounts.reduce((sum, count) => sum + count, 0);
  const sizes = [...new Set(prompts.map(([, wants]) => Object.keys(wants).length))].sort();
  const bySize = sizes.map((size) => {
    const chosen = prompts.flatMap(([, wants], i) => (Object.keys(wants).length === size ? [i] : []));
    const some = countHits(
      chosen.map((i) => prompts[i] as PromptRow),
      (at) => [verdicts[chosen[at] as number] as Verdict],
    );
    return [size, rounded(some.rate, 4)] as const;
  });
  const figures = {
    prompts: prompts.length,
    accuracy: rounded(found.rate, 4),
    random_accuracy: rounded(byChance.rate, 4),
    all_named: rounded(mean(prompts.map(([, wants], i) => Number(isTrue(wants, verdicts[i] as Verdict)))), 4),
    per_attribute: Object.fromEntries(
      [...found.attributes].map(([attribute, hits]) => [
        attribute,
        {
          accuracy: rounded(mean(hits), 4),
          named: hits.length,
          random_accuracy: rounded(mean(byChance.attributes.get(attribute) ?? []), 4),
        },
      ]),
    ),
    accuracy_by_size: Object.fromEntries(bySize),
    guide: CLIP,
    judge: JUDGE,
    judge_accuracy: skill,
    guide_pictures: rounded(seen, 0),
    guide_share: rounded(seen / all, 4),
  };
  return { metrics: { [name]: figures }, table: tableOf(figures), sheets: sheetsOf(name, prompts, pictures, verdicts) };
}

interface Figures {
  readonly accuracy: number | null;
  readonly random_accuracy: number | null;
  readonly all_named: number | null;
  readonly judge_accuracy: JudgeSkill;
  readonly guide_pictures: number | null;
  readonly guide_share: number | null;
  readonly per_attribute: Record<string, { accuracy: number | null; named: number; random_accuracy: number | null }>;
}

function tableOf(figures: Figures): Table {
  const percent = (value: number | null) => `${cell(value === null ? null : 100 * value, 1)} %`;
  const attributes = Object.entries(figures.per_attribute).sort(([, a], [, b]) => b.named - a.named);
  return {
    header: ['attribute', 'named', 'found', 'at random'],
    rows: [
      ['all', '', percent(figures.accuracy), percent(figures.random_accuracy)],
      ...attributes.map(([name, one]) => [
        name,
        String(one.named),
        percent(one.accuracy),
        percent(one.random_accuracy),
      ]),
      ['whole prompt true', '', percent(figures.all_named), ''],
      ['the judge itself, on held-out pictures', '', percent(figures.judge_accuracy.renders), ''],
      ['the judge itself, on their codes', '', percent(figures.judge_accuracy.codes), ''],
      [`pictures CLIP saw: ${figures.guide_pictures}, ${percent(figures.guide_share)} of all candidates`, '', '', ''],
    ],
  };
}

/** Examples: pictures that satisfy their prompt, and pictures that miss something. */
function sheetsOf(
  name: string,
  prompts: readonly PromptRow[],
  pictures: readonly Picture[],
  verdicts: readonly Verdict[],
) {
  const columns = 8;
  const sheet = (ending: string, indices: readonly number[]) => {
    const rows = Math.floor(Math.min(indices.length, 64) / columns);
    return {
      name: `${name}_${ending}`,
      columns: Array<string>(columns).fill(''),
      rows: Array.from({ length: rows }, (_, row) =>
        indices.slice(row * columns, (row + 1) * columns).map((i) => pictures[i] as Picture),
      ),
      captions: indices.slice(0, rows * columns).map((i) => prompts[i]?.[0] ?? ''),
    };
  };
  const met = prompts.map(([, wants], i) => isTrue(wants, verdicts[i] as Verdict));
  const all = prompts.map((_, i) => i);
  return [
    sheet(
      'met',
      all.filter((i) => met[i]),
    ),
    sheet(
      'missed',
      all.filter((i) => !met[i]),
    ),
  ].filter(({ rows }) => rows.length > 0);
}

/** Named attributes found: over all, and by attribute. Each prompt may be judged on several pictures. */
export function countHits(prompts: readonly PromptRow[], verdictsOf: (index: number) => readonly Verdict[]) {
  const attributes = new Map<string, number[]>();
  for (const [i, [, wants]] of prompts.entries())
    for (const [attribute, accepted] of Object.entries(wants)) {
      const verdicts = verdictsOf(i);
      const hits = attributes.get(attribute) ?? [];
      attributes.set(attribute, hits);
      hits.push(mean(verdicts.map((verdict) => Number(accepts(accepted, verdict[attribute])))));
    }
  return { rate: mean([...attributes.values()].flat()), attributes };
}

export function isTrue(wants: PromptRow[1], verdict: Verdict): boolean {
  return Object.entries(wants).every(([attribute, accepted]) => accepts(accepted, verdict[attribute]));
}

export function accepts(accepted: string, value: string | undefined): boolean {
  return value !== undefined && accepted.split('|').includes(value);
}

/** `count` of the rows, evenly spaced, so that prompts of every length are included. */
export function evenly<Row>(rows: readonly Row[], count: number): Row[] {
  if (count >= rows.length) return [...rows];
  return Array.from({ length: count }, (_, i) => rows[Math.floor((i * rows.length) / count)] as Row);
}
