/** Conditional models: how closely results follow the condition, unguided and guided by another picture. */

import { conditionOf } from '../../../engine/input/condition.ts';
import type { Picture } from '../../../guide.ts';
import { attributeNames } from '../../datasets/avatar-style.ts';
import { drawAvatar, visibleLabels } from '../../datasets/avatars.ts';
import { AVATAAARS, type AvataaarsAttribute } from '../../datasets/styles/avataaars.ts';
import type { EvaluationContext } from '../context.ts';
import { Judge, judgeSkipReason, type Verdict } from '../judge.ts';
import { grayed } from '../measures/degrade.ts';
import { clamped, mean, rounded } from '../measures/figures.ts';
import { cell, SHOWN, type Sheet, type Task, type TaskOutcome } from '../task.ts';
import { edgesF1 } from './edges.ts';
import { ceilingPictures, pngOf } from './restore.ts';

/** Params of the guide `color` for approximate positions: at finer settings the other picture's shapes would count too. */
const ROUGH_COLOURS = { detail: 32, slack: 0.07, metric: 'l1', toSide: 128 };
/** Index offset between the condition's picture and the guiding picture. */
const OFFSET = 7;

export const conditionKept: Task = {
  name: 'condition',
  title: 'how closely results follow their condition',
  conditional: 'only',
  async run(context) {
    const kind = context.network.info.condition?.kind ?? '';
    const ways = { own: await ceilingPictures(context), unguided: await context.random(), other: await mixed(context) };
    const agreements = await Promise.all(
      Object.values(ways).map(async (pictures) => mean(await agreementsOf(context, kind, pictures))),
    );
    const figures = Object.fromEntries(Object.keys(ways).map((way, i) => [way, rounded(agreements[i] as number, 4)]));
    const title = kind === 'grayscale' ? 'error of gray, of 255' : 'F1 of edges';
    return {
      metrics: { condition: { kind, [kind === 'grayscale' ? 'gray_error' : 'edges_f1']: figures } },
      table: {
        header: ['guided by', title],
        rows: [
          ['the picture that the condition is of', cell(figures.own, 3)],
          ['nothing', cell(figures.unguided, 3)],
          ['another picture', cell(figures.other, 3)],
        ],
      },
      sheets: [await sheetOf(context, ways)],
    };
  },
};

export const conditionMixed: Task = {
  name: 'condition_mixed',
  title: 'shape by the condition, colours by another picture: attributes found by the judge',
  conditional: 'only',
  skipReason: judgeSkipReason,
  async run(context) {
    const judge = await Judge.open(context.models);
    try {
      return outcomeOf(
        context,
        await judge.classify(await mixed(context)),
        await judge.classify(await context.random()),
      );
    } finally {
      await judge.close();
    }
  },
};

/** Results of every held-out picture's condition, guided by another one. */
function mixed(context: EvaluationContext): Promise<readonly Picture[]> {
  return context.cached('mixed', async () => {
    const results: Picture[] = [];
    await context.run(
      'guided by another picture',
      context.pictures.length,
      async (i) => ({
        condition: context.pictures[i] as Picture,
        guides: [{ name: 'color', params: { ...ROUGH_COLOURS, image: await pngOf(otherOf(context, i)) } }],
      }),
      (_, { done }) => void results.push(done.results[0]?.image as Picture),
    );
    return results;
  });
}

function otherOf({ pictures }: EvaluationContext, i: number): Picture {
  return pictures[otherIndex(i, pictures.length)] as Picture;
}

function otherIndex(i: number, count: number): number {
  return (i + OFFSET) % count;
}

/** Per picture, the mean error of its gray values (of 255), or the F1 of its edges. */
async function agreementsOf(context: EvaluationContext, kind: string, pictures: readonly Picture[]): Promise<number[]> {
  const agreements: number[] = [];
  for (const [i, picture] of pictures.entries()) {
    const condition = (await conditionOf(context.pictures[i], context.network.info)) as Float32Array;
    agreements.push(kind === 'grayscale' ? grayError(picture, condition) : edgesF1(picture, condition, kind));
  }
  return agreements;
}

function grayError(picture: Picture, gray: Float32Array): number {
  const { data } = grayed(clamped(picture));
  return 127.5 * mean(Array.from(data, (value, i) => Math.abs(value - (gray[i] as number))));
}

/** Attributes that the guiding picture should determine; the others follow the condition. */
const COLOURS: readonly AvataaarsAttribute[] = ['hairColor', 'skin', 'clothesColor'];
const OTHER_COLOURS: readonly AvataaarsAttribute[] = ['hatColor', 'accessoriesColor', 'facialHairColor', 'background'];
const SHAPES = attributeNames(AVATAAARS).filter((name) => !COLOURS.includes(name) && !OTHER_COLOURS.includes(name));

function outcomeOf(
  context: EvaluationContext,
  verdicts: readonly Verdict[],
  unguided: readonly Verdict[],
): TaskOutcome {
  const labels = context.pictures.map((_, i) => visibleLabels(AVATAAARS, drawAvatar(AVATAAARS, `test-${i}`)));
  const other = labels.map((_, i) => labels[otherIndex(i, labels.length)] as (typeof labels)[number]);
  const follows = (found: readonly Verdict[], wanted: typeof labels, names: readonly AvataaarsAttribute[]) => {
    const right = labels.flatMap((own, i) =>
      names
        .filter((name) => own[name] !== undefined && wanted[i]?.[name] !== undefined)
        .map((name) => Number(found[i]?.[name] === wanted[i]?.[name])),
    );
    return right.length === 0 ? null : rounded(mean(right), 4);
  };
  const rows = [
    ...COLOURS.map((name) => ({ name, from: 'guide', found: follows(verdicts, other, [name]) })),
    { name: 'colours', from: 'guide', found: follows(verdicts, other, COLOURS) },
    ...SHAPES.map((name) => ({ name, from: 'condition', found: follows(verdicts, labels, [name]) })),
    { name: 'shape', from: 'condition', found: follows(verdicts, labels, SHAPES) },
    { name: 'shape_unguided', from: 'condition', found: follows(unguided, labels, SHAPES) },
  ];
  return {
    metrics: { condition_mixed: Object.fromEntries(rows.map(({ name, found }) => [name, found])) },
    table: {
      header: ['attribute', 'should follow the', 'does'],
      rows: rows.map(({ name, from, found }) => [name, from, found === null ? '–' : `${cell(100 * found, 1)} %`]),
    },
    sheets: [],
  };
}

async function sheetOf(
  context: EvaluationContext,
  { own, unguided, other }: Record<'own' | 'unguided' | 'other', readonly Picture[]>,
): Promise<Sheet> {
  const rows = await Promise.all(
    context.pictures.slice(0, SHOWN).map(async (picture, i) => {
      const data = (await conditionOf(picture, context.network.info)) as Float32Array;
      const condition = { ...picture, data, channels: 1 };
      return [condition, unguided[i], own[i], picture, otherOf(context, i), other[i]] as Picture[];
    }),
  );
  return {
    name: 'condition',
    columns: ['condition', 'unguided', 'by the picture', 'the picture', 'another', 'by another'],
    rows,
  };
}
