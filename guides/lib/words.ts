/** Selects the CLIP for the words of a request, and maps the words to its vocabulary. */
import { type GuideContext, GuideProblem } from '../../src/guide.ts';
import type { Lexicon } from '../../src/kit/lexicon.ts';

/** Of words that mean nothing: named, and as long; and of those offered in their place. */
const MOST_NAMED = 5;
const LONGEST_WORD = 50;
const MOST_OFFERED = 8;

/**
 * The requested CLIP, else the first one that the model.json of the model names.
 *
 * @throws GuideProblem if none was requested and model.json names none
 */
export function clipFor(asked: string | undefined, { model, note }: Pick<GuideContext, 'model' | 'note'>): string {
  const { name, textModels = [] } = model;
  if (asked !== undefined) {
    if (!textModels.includes(asked))
      note(`${asked} is not a text model of ${name} (text_models in its model.json): the words may have no effect`);
    return asked;
  }
  const [known] = textModels;
  if (known !== undefined) return known;
  throw new GuideProblem(
    `${name} has no text model, so words cannot steer it: choose a model that takes words, use another guide, or name a CLIP with the parameter "model"; the author of ${name} can list one under text_models in its model.json`,
  );
}

/** Replaces synonyms by words that the CLIP knows; adds one note each on replaced and on unknown words of `texts`. */
export function inKnownWords(
  lexicon: Lexicon | null,
  texts: readonly string[],
  note: GuideContext['note'],
): (text: string) => string {
  if (!lexicon) return (text) => text;
  const readings = texts.map((text) => lexicon.read(text));
  const replaced = new Map(readings.flatMap((reading) => [...reading.replaced]));
  const changes = [...replaced].map(([word, known]) => `"${word}" as "${known}"`);
  if (changes.length > 0) note(`the text model reads ${changes.join(', ')}`);
  const unknown = [...new Set(readings.flatMap((reading) => reading.unknown))];
  if (unknown.length > 0) note(unknownNote(unknown, lexicon));
  return (text) => lexicon.read(text).text || text;
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
