/** Rivals of a phrase: the other texts of its group in the vocabulary of a CLIP. */
import { GuideProblem } from '../../../src/guide.ts';
import { readGroups } from '../../../src/kit/lexicon-files.ts';

/** Groups of mutually exclusive texts: a picture matches one of each group ("red hair", "ginger hair", "black hair", …). */
export type Vocabulary = readonly (readonly string[])[];

/** A phrase belongs to the group of the text nearest to it, if its cosine is above this. */
const NEAR = 0.85;
/** A text whose cosine is lower than that of the nearest text by at least this has another meaning. */
const APART = 0.05;

/**
 * The groups of vocabulary.json; none if there is no such file.
 * @throws GuideProblem if the file is invalid
 */
export async function readVocabulary(folder: string): Promise<Vocabulary> {
  try {
    return Object.values(await readGroups(folder));
  } catch (cause) {
    throw new GuideProblem(
      'vocabulary.json of the CLIP is invalid: expected an object of groups, each a list of at least two texts, as in {"hair": ["red hair", "black hair"]}',
      { cause },
    );
  }
}

/** The texts of the group of `phrase` that have another meaning, as unit vectors; empty if it belongs to no group. */
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
