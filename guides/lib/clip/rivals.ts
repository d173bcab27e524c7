/** Rivals of a phrase: the other texts of its group in the vocabulary of a CLIP. */
import { GuideProblem } from '../../../src/guide.ts';
import { readGroups } from '../../../src/kit/lexicon-files.ts';

/** Groups of mutually exclusive texts: a picture matches one of each group ("red hair", "ginger hair", "black hair", …). */
export type Vocabulary = readonly (readonly string[])[];

/** A phrase belongs to the group of the text nearest to it, if its cosine is above this. */
const NEAR = 0.85;
/** A text whose cosine is lower than that of the nearest text by at least this has another meaning. */
export const APART = 0.05;

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

/** Where a phrase belongs. */
export interface Rivals {
  /** Place of its group; −1: none is near enough. */
  readonly group: number;
  /** The texts of the group that have another meaning, as unit vectors. */
  readonly vectors: readonly Float32Array[];
}

/** The group of a phrase, and the texts of it that have another meaning. */
export function rivalsOf(phrase: Float32Array, groups: readonly (readonly Float32Array[])[]): Rivals {
  let nearest = NEAR;
  let rivals: Rivals = { group: -1, vectors: [] };
  for (const [g, group] of groups.entries()) {
    const cosines = group.map((other) => cosineOf(other, phrase));
    const best = Math.max(...cosines);
    if (best <= nearest) continue;
    nearest = best;
    rivals = { group: g, vectors: group.filter((_, i) => (cosines[i] as number) < best - APART) };
  }
  return rivals;
}

/** Of two unit vectors; 0 where one is missing. */
export function cosineOf(one: Float32Array | undefined, other: Float32Array): number {
  return one?.reduce((sum, value, i) => sum + value * (other[i] as number), 0) ?? 0;
}
