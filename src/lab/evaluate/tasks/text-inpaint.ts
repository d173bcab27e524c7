/** Text and inpainting combined: the lower half is kept, the upper half repainted according to the prompt. */

import type { GenerateRequest } from '../../../contract/requests.ts';
import type { Picture } from '../../../guide.ts';
import { seededRandom } from '../../../kit/text-seeded-random.ts';
import type { AttributeValues } from '../../datasets/avatar-style.ts';
import { drawAvatar } from '../../datasets/avatars.ts';
import { AVATAAARS, type AvataaarsAttribute, HAT_NAMES, LONG_HAIR_NAMES } from '../../datasets/styles/avataaars.ts';
import type { EvaluationContext } from '../context.ts';
import { Judge, type Verdict } from '../judge.ts';
import { mean, psnrWhere, rounded } from '../measures/figures.ts';
import { knownPixels, maskPicture } from '../measures/masks.ts';
import type { PromptRow } from '../prompts.ts';
import { cell, SHOWN, type Task } from '../task.ts';
import { pngOf } from './restore.ts';
import { countHits, textSkipReason } from './text.ts';

const MOST_PICTURES = 100;

export const textInpaint: Task = {
  name: 'text_inpaint',
  title: 'the lower half kept, the upper half as the prompt says',
  skipReason: textSkipReason,
  async run(context) {
    const judge = await Judge.open(context.models);
    try {
      const chosen = suitable(context).slice(0, MOST_PICTURES);
      const prompts = chosen.map((_, i) => promptOf(i));
      const known = knownPixels('upper', context.side, 0);
      const both = await painted(context, 'text + inpaint', chosen, known, prompts);
      const without = await painted(context, 'inpaint alone', chosen, known, null);
      const named = async (pictures: readonly Picture[]) => {
        const verdicts = await judge.classify(pictures);
        return countHits(prompts, (i) => [verdicts[i] as Verdict]).rate;
      };
      const kept = (pictures: readonly Picture[]) =>
        mean(pictures.map((picture, i) => psnrWhere(picture, context.pictures[chosen[i] as number] as Picture, known)));
      const figures = {
        pictures: chosen.length,
        accuracy: rounded(await named(both), 4),
        inpaint_only_accuracy: rounded(await named(without), 4),
        known_db: rounded(kept(both), 3),
        inpaint_only_known_db: rounded(kept(without), 3),
      };
      return {
        metrics: { text_inpaint: figures },
        table: {
          header: ['guides', 'named attributes found', 'known part dB'],
          rows: [
            ['text and inpaint', cell(figures.accuracy, 3), cell(figures.known_db)],
            ['inpaint alone', cell(figures.inpaint_only_accuracy, 3), cell(figures.inpaint_only_known_db)],
          ],
        },
        sheets: [
          {
            name: 'text_inpaint',
            columns: ['picture', 'inpaint alone', 'with the words'],
            rows: chosen.slice(0, SHOWN).map((at, i) => [context.pictures[at], without[i], both[i]] as Picture[]),
            captions: chosen.slice(0, SHOWN).flatMap((_, i) => ['', '', prompts[i]?.[0] ?? '']),
          },
        ],
      };
    } finally {
      await judge.close();
    }
  },
};

/** Pictures whose lower half shows no part of the head: no long hair, no hijab. */
function suitable(context: EvaluationContext): number[] {
  return context.pictures.flatMap((_, i) => {
    const { top } = drawAvatar(AVATAAARS, `test-${i}`).labels;
    return LONG_HAIR_NAMES.has(top) || top === 'long-dreads' || top === 'shaved-sides' || top === 'mullet' ? [] : [i];
  });
}

/** A prompt for the upper half: a hat, glasses or short hair, with its colour. */
export function promptOf(index: number): PromptRow {
  const random = seededRandom(`upper-${index}`);
  const pick = (attribute: AvataaarsAttribute, allowed: (name: string) => boolean) => {
    const values: AttributeValues = AVATAAARS.attributes[attribute];
    const names = Object.keys(values).filter(allowed);
    const name = names[Math.floor(random.next() * names.length)] as string;
    return { name, words: values[name]?.words[0] ?? name, kind: values[name]?.kind };
  };
  const thing = (['hat', 'glasses', 'hair'] as const)[index % 3];
  const parts = {
    hat: ['top', 'hatColor', 'wearing', (name: string) => HAT_NAMES.has(name) && name !== 'hijab'],
    glasses: ['accessories', 'accessoriesColor', 'wearing', (name: string) => name !== 'none' && name !== 'eyepatch'],
    hair: ['top', 'hairColor', 'with', (name: string) => name.startsWith('short-') || name === 'caesar'],
  } as const;
  const [attribute, colour, verb, allowed] = parts[thing ?? 'hat'];
  const what = pick(attribute, allowed);
  const tint = pick(colour, () => true);
  const words = what.words.replace('%', tint.words).replace(/\ba (?=[aeiou])/, 'an ');
  return [`a person ${verb} ${words}`, { [attribute]: what.name, [colour]: tint.name }];
}

async function painted(
  context: EvaluationContext,
  label: string,
  chosen: readonly number[],
  known: Float32Array,
  prompts: readonly PromptRow[] | null,
): Promise<Picture[]> {
  const mask = await pngOf(maskPicture(known, context.side));
  const results: Picture[] = [];
  await context.run(
    label,
    chosen.length,
    async (i): Promise<GenerateRequest> => {
      const image = await pngOf(context.pictures[chosen[i] as number] as Picture);
      const words = prompts ? [{ name: 'text', params: { prompt: prompts[i]?.[0], ...context.textParams } }] : [];
      return { guides: [{ name: 'inpaint', params: { image, mask } }, ...words] };
    },
    (_, { done }) => void results.push(done.results[0]?.image as Picture),
  );
  return results;
}
