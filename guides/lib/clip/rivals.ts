/** Rivals of a phrase: the other texts of its group in the vocabulary of a CLIP. */
import { GuideProblem } from '../../../src/guide.ts';
import { readGroups } from '../../../src/kit/lexicon-files.ts';

/** Groups of mutually exclusive texts: a picture matches one of each group ("red hair", "ginger hair", "black hair", …). */
export type Vocabulary = readonly (readonly string[])[];

/** A phrase belongs to the group of the text nearest to it, if its cosine is above this. */
const NEAR = 0.85;
/** A phrase says something of a group if its cosine with a text of it is above this. */
const RELATED = 0.4;
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

/** A group whose texts differ in one place: "a person with … hair". */
interface Slot {
  /** What stands there in each text, in words, without an article. */
  readonly fillings: readonly (readonly string[])[];
}

/** What the texts of a group differ in; null if they have no last word in common. */
function slotOf(group: readonly string[]): Slot | null {
  const all = group.map((text) => text.split(' '));
  const [first = []] = all;
  const isShared = (at: number) => all.every((words) => words.at(at) === first.at(at));
  let before = 0;
  while (before < first.length && isShared(before)) before += 1;
  let after = 0;
  while (after < first.length - before && isShared(-1 - after)) after += 1;
  if (after === 0) return null;
  const fillings = all.map((words) =>
    words.slice(before, words.length - after).filter((word) => word !== 'a' && word !== 'an'),
  );
  return { fillings };
}

/** Where `part` stands in `words`; −1 if nowhere. */
function indexOfPart(words: readonly string[], part: readonly string[]): number {
  return words.findIndex((_, at) => part.length > 0 && part.every((word, i) => words[at + i] === word));
}

/**
 * The phrase with another word of the group in place of its own, for each text of the group in order: "a brown moustache" for
 * "a black moustache"; null at the text of its own word. Empty if the phrase has no word of the group.
 */
export function variantsOf(phrase: string, group: readonly string[]): (string | null)[] {
  const slot = slotOf(group);
  const words = phrase.split(' ');
  const said = slot?.fillings
    .filter((filling) => indexOfPart(words, filling) >= 0)
    .sort((a, b) => b.length - a.length)[0];
  if (!slot || !said) return [];
  const at = indexOfPart(words, said);
  return slot.fillings.map((filling) =>
    filling.join(' ') === said.join(' ')
      ? null
      : [...words.slice(0, at), ...filling, ...words.slice(at + said.length)].join(' '),
  );
}

/**
 * Variants of a phrase of one group that says something of another as well: of "a black moustache", which competes with beards,
 * by the colour of beards. Of several such groups, that whose own text is nearest to the phrase; none if the phrase is of such
 * a group itself ("black hair").
 *
 * @param phrase unit vector of `text`
 * @param vectors of `vocabulary`, in its order
 */
export function secondVariants(
  text: string,
  phrase: Float32Array,
  own: number,
  { vocabulary, vectors }: { readonly vocabulary: Vocabulary; readonly vectors: readonly (readonly Float32Array[])[] },
): string[] {
  if (own < 0 || variantsOf(text, vocabulary[own] ?? []).length > 0) return [];
  let nearest = RELATED;
  let found: string[] = [];
  for (const [g, group] of vocabulary.entries()) {
    const variants = variantsOf(text, group);
    const said = variants.flatMap((variant, i) => (variant === null ? [cosineOf(vectors[g]?.[i], phrase)] : []));
    const best = Math.max(...said);
    if (best <= nearest) continue;
    nearest = best;
    found = variants.filter((variant) => variant !== null);
  }
  return found;
}

/** Those of the variants of a phrase that mean something else: "jet-black" is no rival of "black". */
export function withOtherMeaning(phrase: Float32Array, variants: readonly Float32Array[]): Float32Array[] {
  return variants.filter((variant) => cosineOf(variant, phrase) < 1 - APART);
}

function cosineOf(one: Float32Array | undefined, other: Float32Array): number {
  return one?.reduce((sum, value, i) => sum + value * (other[i] as number), 0) ?? 0;
}
