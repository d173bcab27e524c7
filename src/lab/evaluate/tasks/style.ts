/** Style guidance, measured by other statistics than the guide's. */
import { basename } from 'node:path';
import type { Picture } from '../../../guide.ts';
import type { EvaluationContext } from '../context.ts';
import { gramsOf, IMAGENET, imagenetSkipReason } from '../imagenet.ts';
import { mean, rounded } from '../measures/figures.ts';
import { textureDistance, textureOf } from '../measures/texture.ts';
import { cell, SHOWN, type Task } from '../task.ts';
import { pngOf } from './restore.ts';

/** Fewer pictures, as the style guide has no linear form and is slow. */
const MOST_PICTURES = 200;

export const style: Task = {
  name: 'style',
  title: 'style of another picture; distance of statistics, 0 is equal',
  async run(context) {
    const styles = context.pictures.slice(0, MOST_PICTURES);
    const contents = styles.map((_, i) => context.pictures[(i + 7) % context.pictures.length] as Picture);
    const random = (await context.random()).slice(0, styles.length);
    const alone = await styled(context, 'style', styles, null);
    const onContent = context.channels === 3 ? await styled(context, 'style on content', styles, contents) : null;
    const textures = styles.map(textureOf);
    const distance = (pictures: readonly Picture[]) =>
      mean(pictures.map((picture, i) => textureDistance(textures[i] as Float64Array, textureOf(picture))));
    const figures = {
      pictures: styles.length,
      before: rounded(distance(random), 4),
      after: rounded(distance(alone), 4),
      share: rounded(distance(alone) / distance(random), 4),
      ...(onContent
        ? { content_before: rounded(distance(contents), 4), content_after: rounded(distance(onContent), 4) }
        : {}),
      ...(await byNetwork(context, { styles, random, alone })),
    };
    return {
      metrics: { style: figures },
      table: {
        header: ['start', 'before', 'after'],
        rows: [
          ['random pictures', cell(figures.before, 3), cell(figures.after, 3)],
          ...(figures.network
            ? [
                [
                  `the same, by ${figures.network.name}`,
                  cell(figures.network.before, 3),
                  cell(figures.network.after, 3),
                ],
              ]
            : []),
          ...(onContent
            ? [
                [
                  'another picture, its brightness kept',
                  cell(figures.content_before, 3),
                  cell(figures.content_after, 3),
                ],
              ]
            : []),
        ],
      },
      sheets: [
        {
          name: 'style',
          columns: ['style', 'Kandid', ...(onContent ? ['content', 'Kandid with both'] : [])],
          rows: styles
            .slice(0, SHOWN)
            .map((one, i) => [one, alone[i], ...(onContent ? [contents[i], onContent[i]] : [])] as Picture[]),
        },
      ],
    };
  },
};

interface Compared {
  readonly styles: readonly Picture[];
  readonly random: readonly Picture[];
  readonly alone: readonly Picture[];
}

/** The same on feature maps of a network that is not the guide: the ImageNet network, or if that is the guide, the judge. */
async function byNetwork(context: EvaluationContext, { styles, random, alone }: Compared) {
  const { channels, models, judge } = context;
  if ((await imagenetSkipReason({ channels, models })) !== null) return {};
  const isGuide = context.network.info.perceptualModels?.includes(IMAGENET) ?? false;
  const name = isGuide ? judge : IMAGENET;
  if (name === undefined) return {};
  const wanted = await gramsOf(models, name, styles);
  const distance = async (pictures: readonly Picture[]) => {
    const found = await gramsOf(models, name, pictures);
    return mean(found.map((maps, i) => mean(maps.map((gram, map) => textureDistance(wanted[i]?.[map] ?? gram, gram)))));
  };
  const [before, after] = [await distance(random), await distance(alone)];
  return {
    network: {
      name: basename(name),
      before: rounded(before, 4),
      after: rounded(after, 4),
      share: rounded(after / before, 4),
    },
  };
}

async function styled(
  context: EvaluationContext,
  label: string,
  styles: readonly Picture[],
  contents: readonly Picture[] | null,
): Promise<Picture[]> {
  const results: Picture[] = [];
  await context.run(
    label,
    styles.length,
    async (i) => ({
      guides: [
        { name: 'style', params: { image: await pngOf(styles[i] as Picture) } },
        ...(contents ? [{ name: 'colorize', params: { image: await pngOf(contents[i] as Picture) } }] : []),
      ],
    }),
    (_, { done }) => void results.push(done.results[0]?.image as Picture),
  );
  return results;
}
