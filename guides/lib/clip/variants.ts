/** Variants of a phrase, which say another thing in one place: "a brown moustache" of "a black moustache". */
import { APART, cosineOf, type Vocabulary } from './rivals.ts';

/** A phrase says something of a group if its cosine with a text of it is above this. */
const RELATED = 0.4;

/**
 * What the texts of a group differ in ("a person with … hair"), in words, without an article, for each text; empty if they have
 * no last word in common.
 */
export function fillingsOf(group: readonly string[]): string[][] {
  const all = group.map((text) => text.split(' '));
  const [first = []] = all;
  const isShared = (at: number) => all.every((words) => words.at(at) === first.at(at));
  let before = 0;
  while (before < first.length && isShared(before)) before += 1;
  let after = 0;
  while (after < first.length - before && isShared(-1 - after)) after += 1;
  if (after === 0) return [];
  return all.map((words) => words.slice(before, words.length - after).filter((word) => word !== 'a' && word !== 'an'));
}

/** Where `part` stands in `words`; −1 if nowhere. */
export function indexOfPart(words: readonly string[], part: readonly string[]): number {
  return words.findIndex((_, at) => part.length > 0 && part.every((word, i) => words[at + i] === word));
}

/**
 * The phrase with another word of the group in place of its own, for each text of the group in order: "a brown moustache" for
 * "a black moustache"; null at the text of its own word. Empty if the phrase has no word of the group.
 */
export function variantsOf(phrase: string, group: readonly string[]): (string | null)[] {
  const fillings = fillingsOf(group);
  const words = phrase.split(' ');
  const said = fillings.filter((filling) => indexOfPart(words, filling) >= 0).sort((a, b) => b.length - a.length)[0];
  if (!said) return [];
  const at = indexOfPart(words, said);
  return fillings.map((filling) =>
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
