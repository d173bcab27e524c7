/** Notes on the words of a request. */
import type { GuideContext } from '../../../src/guide.ts';
import type { Lexicon } from '../../../src/kit/lexicon.ts';

/** Of words that mean nothing: named, and as long; and of those offered in their place. */
const MOST_NAMED = 5;
const LONGEST_WORD = 50;
const MOST_OFFERED = 8;

/** Replaces synonyms by words that the CLIP knows; adds one note each on replaced and on unknown words of `texts`. */
export function noteWords(lexicon: Lexicon | null, texts: readonly string[], note: GuideContext['note']): void {
  if (!lexicon) return;
  const readings = texts.map((text) => lexicon.read(text));
  const replaced = new Map(readings.flatMap((reading) => [...reading.replaced]));
  const changes = [...replaced].map(([word, known]) => `"${word}" as "${known}"`);
  if (changes.length > 0) note(`the text model reads ${changes.join(', ')}`);
  const unknown = [...new Set(readings.flatMap((reading) => reading.unknown))];
  if (unknown.length > 0) note(unknownNote(unknown, lexicon));
}

/** `the text model does not know "castle"; it knows …` */
function unknownNote(unknown: readonly string[], lexicon: Lexicon): string {
  const quoted = (texts: readonly string[]) => texts.map((one) => `"${one.slice(0, LONGEST_WORD)}"`).join(', ');
  const named = unknown.slice(0, MOST_NAMED);
  const others = unknown.length > MOST_NAMED ? ` and ${unknown.length - MOST_NAMED} more` : '';
  const offers = new Set(named.flatMap((word) => lexicon.offers(word)));
  const what = unknown.length > 1 ? 'the words' : 'the word';
  return `the text model does not know ${what} ${quoted(named)}${others}; it knows ${quoted([...offers].slice(0, MOST_OFFERED))}`;
}
