/** The ImageNet network as a guide, judged by another classifier that was trained independently of it and of the model. */
import { basename } from 'node:path';
import type { Picture } from '../../../guide.ts';
import type { EvaluationContext } from '../context.ts';
import { type Classifier, IMAGENET, imagenetSkipReason, largest, logitsOf, openClassifier } from '../imagenet.ts';
import { mean, rounded } from '../measures/figures.ts';
import { cell, type Task } from '../task.ts';

/** Default number of labels: those that the network most often assigns to held-out pictures. */
const LABELS = 5;
/** Limit of pictures, the same number for each label. */
const MOST_PICTURES = 100;
const COLUMNS = 10;
/** A picture agrees if the label is among this many of the judge's first. */
const AMONG = 5;

export const classifier: Task = {
  name: 'classifier',
  title: `pictures of ImageNet's labels: the label is among the first ${AMONG} of another network`,
  async skipReason(setting) {
    const reason = await imagenetSkipReason(setting);
    if (reason !== null || setting.judge !== undefined) return reason;
    return 'there is no classifier as a judge: name one with --judge (python scripts/export_imagenet.py --variant 2 creates one)';
  },
  async run(context) {
    const guide = await openClassifier(context.models);
    const judge = await openClassifier(context.models, context.judge, { paths: true });
    try {
      const labels = context.labels ?? (await usualLabels(context, guide));
      const pictures = await drawn(context, labels);
      const wanted = pictures.map((_, i) => labels[i % labels.length] as string);
      const byJudge = await placesOf(judge, pictures, wanted);
      const byGuide = await placesOf(guide, pictures, wanted);
      const random = (await context.random()).slice(0, pictures.length);
      const byChance = await placesOf(judge, random, wanted);
      const figures = {
        pictures: pictures.length,
        labels,
        guide: IMAGENET,
        // Without its folder, which differs by machine.
        judge: basename(context.judge ?? ''),
        agreement: share(byJudge, AMONG),
        agreement_first: share(byJudge, 1),
        guide_agreement: share(byGuide, AMONG),
        random_agreement: share(byChance, AMONG),
        per_label: Object.fromEntries(
          labels.map((label) => [
            label,
            share(
              byJudge.filter((_, i) => wanted[i] === label),
              AMONG,
            ),
          ]),
        ),
      };
      const percent = (value: number | null) => `${cell(100 * (value ?? 0), 1)} %`;
      return {
        metrics: { classifier: figures },
        table: {
          header: ['label', `among the first ${AMONG} of ${figures.judge}`],
          rows: [
            ...Object.entries(figures.per_label).map(([label, value]) => [label, percent(value)]),
            ['all', percent(figures.agreement)],
            ['all, as its first', percent(figures.agreement_first)],
            [`all, by ${IMAGENET}, the guide`, percent(figures.guide_agreement)],
            ['random pictures', percent(figures.random_agreement)],
          ],
        },
        sheets: [sheetOf(pictures, wanted)],
      };
    } finally {
      await guide.network.close();
      await judge.network.close();
    }
  },
};

/** The most frequent first labels of held-out pictures. */
async function usualLabels(context: EvaluationContext, guide: Classifier): Promise<string[]> {
  const counts = new Map<string, number>();
  for (const outputs of await guide.network.run(context.pictures)) {
    const [first = 0] = largest(logitsOf(guide, outputs), 1);
    const label = guide.labels[first] as string;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return ranked.slice(0, LABELS).map(([label]) => label);
}

async function drawn(context: EvaluationContext, labels: readonly string[]): Promise<Picture[]> {
  const each = Math.max(1, Math.floor(Math.min(MOST_PICTURES, context.pictures.length) / labels.length));
  const pictures: Picture[] = [];
  await context.run(
    'guided by labels',
    each * labels.length,
    (i) => ({
      guides: [{ name: 'classifier', params: { model: IMAGENET, labels: [labels[i % labels.length] as string] } }],
    }),
    (_, { done }) => void pictures.push(done.results[0]?.image as Picture),
  );
  return pictures;
}

/** The rank of the wanted label of each picture; 0 is the first. */
async function placesOf(judge: Classifier, pictures: readonly Picture[], wanted: readonly string[]): Promise<number[]> {
  return (await judge.network.run(pictures)).map((outputs, i) => {
    const order = largest(logitsOf(judge, outputs), judge.labels.length);
    const place = order.findIndex((index) => judge.labels[index] === wanted[i]);
    return place < 0 ? Number.POSITIVE_INFINITY : place;
  });
}

function share(places: readonly number[], among: number): number | null {
  return rounded(mean(places.map((place) => Number(place < among))), 4);
}

function sheetOf(pictures: readonly Picture[], wanted: readonly string[]) {
  const rows = Math.floor(pictures.length / COLUMNS);
  return {
    name: 'classifier',
    columns: Array<string>(COLUMNS).fill(''),
    rows: Array.from({ length: rows }, (_, row) => pictures.slice(row * COLUMNS, (row + 1) * COLUMNS)),
    captions: wanted.slice(0, rows * COLUMNS),
  };
}
