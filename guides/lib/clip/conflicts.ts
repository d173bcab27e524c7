/** What a vocabulary cannot show: a beard in a colour that no beard has, two hats at once. */
import { APART, cosineOf, type Vocabulary } from './rivals.ts';
import { fillingsOf, indexOfPart } from './variants.ts';

/** A phrase whose colour its noun never has. */
export interface Impossible {
  readonly phrase: string;
  /** The phrase without it. */
  readonly instead: string;
  /** Colours that the noun has; none if it has no colour at all. */
  readonly known: readonly string[];
}

interface Colored {
  readonly noun: string;
  /** In words, as said: "dark brown". */
  readonly colors: readonly (readonly string[])[];
}

/**
 * Groups of one noun in several colours: "a person with … hair". "A … person" is of a kind, and "a shirt with a … on it" of a
 * print, not of a colour.
 */
function coloredIn(vocabulary: Vocabulary): Colored[] {
  return vocabulary.flatMap((group) => {
    const noun = group[0]?.split(' ').at(-1) ?? '';
    const colors = fillingsOf(group);
    return colors.length > 0 && noun !== 'person' && noun !== 'it' ? [{ noun, colors }] : [];
  });
}

/**
 * Reports a colour that its noun never has in the vocabulary, as in "a green beard", where other things are green.
 *
 * @param colorless nouns without a colour
 * @returns null if there is none
 */
export function impossibleIn(
  phrase: string,
  vocabulary: Vocabulary,
  colorless: readonly string[] = [],
): Impossible | null {
  const groups = [...coloredIn(vocabulary), ...colorless.map((noun): Colored => ({ noun, colors: [] }))];
  const words = phrase.split(' ');
  const plain = words.map((word) => word.toLowerCase());
  const all = groups.flatMap(({ colors }) => colors).sort((a, b) => b.length - a.length);
  for (const { noun, colors } of groups) {
    const place = plain.indexOf(noun);
    if (place < 1) continue;
    const before = plain.slice(0, place);
    if (colors.some((color) => indexOfPart(before, color) >= 0)) continue;
    const said = all.find((color) => indexOfPart(before, color) >= 0);
    if (!said) continue;
    const at = indexOfPart(before, said);
    return {
      phrase,
      instead: [...words.slice(0, at), ...words.slice(at + said.length)].join(' '),
      known: colors.map((color) => color.join(' ')),
    };
  }
  return null;
}

/** A phrase, where it belongs in the vocabulary. */
export interface Placed {
  readonly text: string;
  readonly vector: Float32Array;
  /** Place of its group; −1: none. */
  readonly group: number;
}

/** Pairs of phrases of which a picture shows one at most: texts of one group with different meanings. */
export function exclusivePairs(phrases: readonly Placed[]): [string, string][] {
  return phrases.flatMap((one, i) =>
    phrases
      .slice(i + 1)
      .filter((other) => one.group >= 0 && other.group === one.group && cosineOf(one.vector, other.vector) < 1 - APART)
      .map((other): [string, string] => [one.text, other.text]),
  );
}
