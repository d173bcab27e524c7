/** What a request wishes for in words: phrases that a picture should fit, and phrases that it should not, with their weights. */
import type { GuideContext } from '../../../src/guide.ts';
import type { Lexicon } from '../../../src/kit/lexicon.ts';
import { type Impossible, impossibleIn } from './conflicts.ts';
import { absenceOf, absencesIn, affirmed } from './negations.ts';
import { phrasesOf } from './phrases.ts';
import { readPrompt, weightOf } from './prompt.ts';
import type { Vocabulary } from './rivals.ts';
import { noteWords } from './words.ts';

export interface Wording {
  readonly prompts: readonly string[];
  readonly negatives: readonly string[];
  /** Of all negatives together; the prompts have 1. */
  readonly negativeWeight: number;
  /** Whether a prompt is one text, or its phrases, or both. */
  readonly phrases: 'whole' | 'split' | 'both';
}

export interface Wishes {
  /**
   * n texts of a prompt have 1/√n each, where none has a weight of its own: the more a prompt says, the more it weighs in all,
   * and the less each of its phrases.
   */
  readonly wanted: ReadonlyMap<string, number>;
  readonly unwanted: ReadonlyMap<string, number>;
  /** Phrases of the prompts on their own, without the prompts as one text. */
  readonly phrases: readonly string[];
}

/** What a CLIP knows. */
export interface Knowledge {
  readonly lexicon: Lexicon | null;
  /** Empty: of this CLIP nothing is known; prompts are taken as they are. */
  readonly vocabulary: Vocabulary;
}

/** Colours that are named in a note. */
const MOST_COLORS = 6;

/** Reads the wording of a request; notes tell what is understood in another way than it is said. */
export function readWishes(wording: Wording, knowledge: Knowledge, note: GuideContext['note']): Wishes {
  return new Reader(knowledge, note).read(wording);
}

class Reader {
  readonly #knowledge: Knowledge;
  readonly #note: GuideContext['note'];
  readonly #absences: ReadonlyMap<string, string>;
  readonly #wanted = new Map<string, number>();
  readonly #unwanted = new Map<string, number>();
  readonly #phrases = new Set<string>();
  /** By phrase: told once. */
  readonly #impossible = new Map<string, Impossible | null>();

  constructor(knowledge: Knowledge, note: GuideContext['note']) {
    this.#knowledge = knowledge;
    this.#note = note;
    const said = Object.entries(knowledge.lexicon?.absences ?? {});
    this.#absences = new Map([...absencesIn(knowledge.vocabulary), ...said]);
  }

  read({ prompts, negatives, negativeWeight, phrases }: Wording): Wishes {
    const given = prompts.map((prompt) => ({ ...readPrompt(prompt), excluded: [] as readonly string[] }));
    const said = given.map((one) => ({ ...one, ...this.#affirmed(one.text) }));
    const excluded = said.flatMap((one) => one.excluded);
    noteWords(this.#knowledge.lexicon, [...said.map(({ text }) => text), ...excluded, ...negatives], this.#note);
    if (excluded.length > 0) this.#note(`what the picture should not show: ${quoted(excluded)}`);
    const unwanted = [...negatives, ...excluded];
    for (const { text, parts } of said) this.#addPrompt(text, parts, phrases, prompts.length);
    for (const one of unwanted) this.#addNegative(one, negativeWeight / unwanted.length);
    return { wanted: this.#wanted, unwanted: this.#unwanted, phrases: [...this.#phrases] };
  }

  #affirmed(text: string) {
    return this.#knowledge.vocabulary.length > 0 ? affirmed(text, this.#absences) : { text, excluded: [] };
  }

  #addPrompt(
    said: string,
    weighed: ReturnType<typeof readPrompt>['parts'],
    phrases: Wording['phrases'],
    prompts: number,
  ): void {
    const whole = this.#completed(said);
    const pieces = phrases === 'whole' ? [] : phrasesOf(whole).filter((piece) => this.#isMeaningful(piece));
    const isWhole = phrases === 'whole' || (phrases === 'both' && pieces.length > 1);
    const share = 1 / prompts / Math.sqrt(Math.max(1, pieces.length + (isWhole ? 1 : 0)));
    for (const piece of pieces) this.#addPhrase(piece, share * weightOf(piece, weighed));
    if (isWhole && this.#isMeaningful(whole)) this.#add(this.#wanted, this.#possible(whole, pieces), share);
    // A text that is scored as one cannot weigh its words: those that weigh more or less count once more.
    if (phrases === 'whole')
      for (const { text, weight } of weighed) this.#add(this.#wanted, this.#known(text), share * (weight - 1));
  }

  #addPhrase(piece: string, weight: number): void {
    const phrase = this.#known(this.#paintable(piece));
    this.#add(this.#wanted, phrase, weight);
    this.#phrases.add(phrase);
  }

  #addNegative(text: string, weight: number): void {
    if (!this.#isMeaningful(text)) return;
    const absence = absenceOf(text, this.#absences);
    if (absence === undefined) this.#add(this.#unwanted, this.#known(text), weight);
    else {
      this.#add(this.#wanted, absence, weight);
      this.#phrases.add(absence);
    }
    const thing = plain(text);
    const said = [...this.#phrases].find((phrase) => plain(phrase) === thing);
    if (said !== undefined) this.#note(`"${said}" is wanted and to be avoided at once`);
  }

  #add(wishes: Map<string, number>, text: string, weight: number): void {
    wishes.set(text, (wishes.get(text) ?? 0) + weight);
  }

  /** The prompt with what goes without saying, which a note tells. */
  #completed(prompt: string): string {
    const implied = this.#knowledge.lexicon?.impliedBy(prompt) ?? [];
    for (const phrase of implied) this.#note(`"${prompt}" also means "${phrase}" here, as it does not say otherwise`);
    return [prompt, ...implied].filter((part) => part !== '').join(' and ');
  }

  /** A text in words that the CLIP knows. */
  #known(text: string): string {
    return this.#knowledge.lexicon?.read(text).text || text;
  }

  #isMeaningful(text: string): boolean {
    return this.#knowledge.lexicon?.read(text).isMeaningful ?? true;
  }

  /** A phrase without a colour that its noun never has, which a note tells. */
  #paintable(phrase: string): string {
    const known = this.#impossible.get(phrase);
    const { vocabulary, lexicon } = this.#knowledge;
    const found = known === undefined ? impossibleIn(phrase, vocabulary, lexicon?.colorless) : known;
    if (found && known === undefined) this.#note(impossibleNote(found));
    this.#impossible.set(phrase, found);
    return found?.instead ?? phrase;
  }

  /** A prompt as one text, with its phrases as they are read. */
  #possible(whole: string, pieces: readonly string[]): string {
    return this.#known(pieces.reduce((text, piece) => text.replace(piece, () => this.#paintable(piece)), whole));
  }
}

/** Without what is said of a thing as a whole. */
function plain(phrase: string): string {
  return phrase.toLowerCase().replace(/^(?:wearing |with )?(?:an? |the )?/, '');
}

function impossibleNote({ phrase, instead, known }: Impossible): string {
  const read = `no picture shows "${phrase}", which is read as "${instead}"`;
  if (known.length === 0) return `${read}: it has no colour of its own`;
  const more = known.length > MOST_COLORS ? ', …' : '';
  return `${read}: the text model knows it in ${quoted(known.slice(0, MOST_COLORS))}${more}`;
}

function quoted(texts: readonly string[]): string {
  return texts.map((text) => `"${text}"`).join(', ');
}
