/** Negations in a prompt, which a CLIP does not understand: to it, "not smiling" is much like "smiling". */
import type { Vocabulary } from './rivals.ts';

export interface Affirmed {
  /** The prompt without what it excludes. */
  readonly text: string;
  /** What is excluded. */
  readonly excluded: readonly string[];
}

/** "who is not", "isn't", "without", "with no", … and what it applies to: up to a comma, "and", "but", "with" or "wearing". */
const NEGATION =
  /(?:\b(?:who|that|which)\s+)?(?:\b(?:is|are|was|does|do|did|has|have)\s*)?(?:\bnot\b|\bnever\b|n['’]t\b|\b(?:with\s+|wearing\s+)?no\b|\bwithout\b)\s+(?:(?:with|wearing|having|any)\s+)*([^,;.]+?)(?=\s*(?:[,;.]|\bbut\b|\band\b|\bwith\b|\bwearing\b|$))/gi;

/** What a vocabulary says by "without": "a person without glasses", "a person with no facial hair". */
const ABSENCE = /^an? person ((?:without|with no) (?:an? )?(.+))$/;

/** What the vocabulary has a text for the absence of: "glasses" → "without glasses". */
export function absencesIn(vocabulary: Vocabulary): ReadonlyMap<string, string> {
  const absences = new Map<string, string>();
  for (const text of vocabulary.flat()) {
    const [, said, thing] = ABSENCE.exec(text) ?? [];
    if (said !== undefined && thing !== undefined && !absences.has(thing)) absences.set(thing, said);
  }
  return absences;
}

/** What the vocabulary says of the absence of a thing. */
export function absenceOf(thing: string, absences: ReadonlyMap<string, string>): string | undefined {
  return absences.get(
    thing
      .trim()
      .toLowerCase()
      .replace(/^(?:(?:with|wearing)\s+)?(?:an?\s+)?/, ''),
  );
}

/**
 * Takes what is negated out of a prompt: "a man who is not smiling" is "a man", and excludes "smiling".
 *
 * @param absences of what the CLIP knows the absence: those stay in the prompt, in these words
 */
export function affirmed(prompt: string, absences: ReadonlyMap<string, string>): Affirmed {
  const excluded: string[] = [];
  // Collapsed first: the regular expression would backtrack over runs of spaces.
  const text = prompt.replace(/\s+/g, ' ').replace(NEGATION, (_, said: string) => {
    const kept = said.split(/\s+or\s+/i).flatMap((part) => {
      const absence = absenceOf(part, absences);
      if (absence === undefined) excluded.push(part.trim());
      return absence ?? [];
    });
    return kept.join(' and ');
  });
  return { text: excluded.length > 0 ? tidied(text) : text, excluded };
}

/** Without the commas and joints that led to what was taken out. */
function tidied(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/ (?=[,;.])/g, '')
    .replace(/(?:\s*[,;]|\s+(?:and|but))+(?=\s*(?:[,;.]|and\b|$))/gi, '')
    .replace(/^(?:[\s,;.]|and\b|but\b)+|[\s,;]+$/gi, '');
}
