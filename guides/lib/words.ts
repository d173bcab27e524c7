/** Which CLIP reads the words of a request, and what it makes of them. */
import { type GuideContext, GuideProblem } from '../../src/guide.ts';
import type { Lexicon } from '../../src/kit/lexicon.ts';

/** Of words that mean nothing: named, and as long; and of those offered in their place. */
const MOST_NAMED = 5;
const LONGEST_WORD = 50;
const MOST_OFFERED = 8;

/**
 * The CLIP asked for, else the one that knows the model's pictures.
 *
 * @throws GuideProblem where none was asked for and none is known to know them
 */
export function clipFor(asked: string | undefined, { model, note }: Pick<GuideContext, 'model' | 'note'>): string {
  const { name, textModels = [] } = model;
  if (asked !== undefined) {
    if (!textModels.includes(asked))
      note(
        `nobody has said that ${asked} knows the pictures of ${name} (text_models in its model.json): the words may mean nothing`,
      );
    return asked;
  }
  const [known] = textModels;
  if (known !== undefined) return known;
  throw new GuideProblem(
    `no text model is known to know the pictures of ${name}, so words cannot steer it: choose a model that takes words, use another guide, or insist with the parameter "model" (a CLIP); whoever made ${name} can name one under text_models in its model.json`,
  );
}

/** Puts texts into words that the CLIP knows; what was changed and what has no meaning to it is noted, once for all `texts`. */
export function inKnownWords(
  lexicon: Lexicon | null,
  texts: readonly string[],
  note: GuideContext['note'],
): (text: string) => string {
  if (!lexicon) return (text) => text;
  const readings = texts.map((text) => lexicon.read(text));
  const replaced = new Map(readings.flatMap((reading) => [...reading.replaced]));
  const changes = [...replaced].map(([word, known]) => `"${word}" as "${known}"`);
  if (changes.length > 0) note(`it reads ${changes.join(', ')}`);
  const unknown = [...new Set(readings.flatMap((reading) => reading.unknown))];
  if (unknown.length > 0) note(unknownNote(unknown, lexicon));
  return (text) => lexicon.read(text).text || text;
}

/** "the word "castle" has no meaning to its CLIP; it knows …" */
function unknownNote(unknown: readonly string[], lexicon: Lexicon): string {
  const quoted = (texts: readonly string[]) => texts.map((one) => `"${one.slice(0, LONGEST_WORD)}"`).join(', ');
  const named = quoted(unknown.slice(0, MOST_NAMED));
  const others = unknown.length > MOST_NAMED ? ` and ${unknown.length - MOST_NAMED} more` : '';
  const offers = new Set(unknown.slice(0, MOST_NAMED).flatMap((word) => lexicon.offers(word)));
  const has = unknown.length > 1 ? `the words ${named}${others} have` : `the word ${named} has`;
  return `${has} no meaning to its CLIP; it knows ${quoted([...offers].slice(0, MOST_OFFERED))}`;
}
