/** Rivals of a phrase: the other texts of its group in the vocabulary of a CLIP. */
import { GuideProblem } from '../../src/guide.ts';
import { readGroups } from '../../src/kit/lexicon-files.ts';

/** Groups of texts, each about one thing that a picture shows one of ("red hair", "ginger hair", "black hair", …). */
export type Vocabulary = readonly (readonly string[])[];

/** A phrase belongs to the group of the text nearest to it, if its cosine is above this. */
const NEAR = 0.85;
/** A text that is this much further off than the nearest one, as a cosine, means something else. */
const APART = 0.05;

/**
 * The groups of vocabulary.json; none where there is no such file.
 * @throws GuideProblem where it is something else
 */
export async function readVocabulary(folder: string): Promise<Vocabulary> {
  try {
    return Object.values(await readGroups(folder));
  } catch (cause) {
    throw new GuideProblem(
      'vocabulary.json of the CLIP is not understood: expected an object of groups, each a list of at least two texts, as in {"hair": ["red hair", "black hair"]}',
      { cause },
    );
  }
}

/** Which of the group that `phrase` belongs to mean something else; all are unit vectors. Empty where it is in none. */
export function rivalsOf(phrase: Float32Array, groups: readonly (readonly Float32Array[])[]): Float32Array[] {
  let nearest = NEAR;
  let rivals: Float32Array[] = [];
  for (const group of groups) {
    const cosines = group.map((other) => other.reduce((sum, value, i) => sum + value * (phrase[i] as number), 0));
    const best = Math.max(...cosines);
    if (best <= nearest) continue;
    nearest = best;
    rivals = group.filter((_, i) => (cosines[i] as number) < best - APART);
  }
  return rivals;
}
