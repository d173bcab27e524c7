/** Selects the CLIP for the words of a request, and maps the words to its vocabulary. */
import { type GuideContext, GuideProblem } from '../../src/guide.ts';
import type { Lexicon } from '../../src/kit/lexicon.ts';

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
  for (const word of new Set(readings.flatMap(({ unknown }) => unknown))) {
    const offers = lexicon.offers(word).map((one) => `"${one}"`);
    note(
      `the text model does not know the word "${word.slice(0, 50)}"${offers.length > 0 ? `; it knows ${offers.join(', ')}` : ''}`,
    );
  }
  return (text) => lexicon.read(text).text || text;
}
