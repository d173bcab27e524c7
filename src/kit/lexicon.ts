/** The words that a text model knows, and known equivalents of others. Texts are split as by its tokenizer. */
import { editDistance } from './nearest-names.ts';

/** The data of a lexicon; the server also sends it to the web page. */
export interface LexiconParts {
  /** Words that the model knows; word endings are prefixed with `##`. */
  readonly words: readonly string[];
  /** Other words with known equivalents: specs are glasses. */
  readonly synonyms: Readonly<Record<string, string>>;
  /** Words for an attribute of a person: a crying person has crying eyes. */
  readonly traits: Readonly<Record<string, string>>;
  /** Phrases that go without saying: who asks for a wink wants no dark glasses before it. */
  readonly implied: readonly Implication[];
  /** Nouns that have no colour of their own in its pictures: eyes. */
  readonly colorless: readonly string[];
  /** What the absence of a thing looks like: no hair is a bald head. */
  readonly absences: Readonly<Record<string, string>>;
  /** Common descriptions, in groups of which a picture shows one each. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** A text with one of `words`, and none of `unless`, also means `phrase`. */
export interface Implication {
  readonly words: readonly string[];
  readonly phrase: string;
  readonly unless: readonly string[];
}

/** A text as understood by the model. */
export interface Reading {
  readonly text: string;
  /** Replacements that were made. */
  readonly replaced: ReadonlyMap<string, string>;
  /** Words that mean something, but nothing to the model, in order, without duplicates. */
  readonly unknown: readonly string[];
  /** Whether any word says something about the picture. */
  readonly isMeaningful: boolean;
}

const ENDING = '##';
/**
 * A trait applies to the person if it precedes one of these words; before any other word it applies to that: a ginger
 * beard.
 */
const PEOPLE: readonly string[] = [
  'person',
  'woman',
  'man',
  'girl',
  'boy',
  'lady',
  'guy',
  'face',
  'character',
  'avatar',
];
/** Words that say nothing about a picture. */
const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  'a an the this that these those who which is are was were be being am has have having had does do of with in on at to from by for as and or but not no it its his her their he she they i me my some very also'.split(
    ' ',
  ),
);
const JOINTS: readonly string[] = ['with', 'and', 'in', 'wearing', 'on'];
const OFFERED = 6;
/** A word may be misspelt in one of this many letters. */
const LETTERS_PER_SLIP = 5;

export class Lexicon {
  readonly #words: ReadonlySet<string>;
  readonly #parts: LexiconParts;

  constructor(parts: LexiconParts) {
    this.#parts = parts;
    this.#words = new Set(parts.words);
  }

  /** Whether the model knows the word, or can compose it from a word and endings. */
  knows(word: string): boolean {
    let rest = plainWords(word).join('');
    for (let prefix = ''; rest !== ''; prefix = ENDING) {
      let length = rest.length;
      while (length > 0 && !this.#words.has(prefix + rest.slice(0, length))) length -= 1;
      if (length === 0) return false;
      rest = rest.slice(length);
    }
    return true;
  }

  /** Rewrites the text in words that the model knows. */
  read(text: string): Reading {
    const replaced = new Map<string, string>();
    const unknown = new Set<string>();
    const traits: string[] = [];
    const parts = text.split(/\s+/);
    let isMeaningful = false;
    const kept = parts.flatMap((part, i) => {
      const word = plainWords(part).join(' ');
      const trait = ownEntry(this.#parts.traits, word);
      if (trait !== undefined && this.#isOfPerson(parts[i + 1])) {
        traits.push(trait);
        replaced.set(word, trait);
        return [];
      }
      const synonym = ownEntry(this.#parts.synonyms, word);
      if (synonym !== undefined) replaced.set(word, synonym);
      const words = (synonym ?? part).split(' ').filter((one) => !this.#isHint(plainWords(one).join(' ')));
      for (const one of words.flatMap(plainWords)) {
        if (FUNCTION_WORDS.has(one)) continue;
        if (this.knows(one)) isMeaningful = true;
        else unknown.add(one);
      }
      return words;
    });
    return {
      text: joined(kept, traits),
      replaced,
      unknown: [...unknown],
      isMeaningful: isMeaningful || traits.length > 0,
    };
  }

  /** Phrases that go without saying where a picture is described by `text` as a whole. */
  impliedBy(text: string): string[] {
    const { text: read, replaced } = this.read(text);
    // Hints are no longer in what was read.
    const said = new Set([text, read, ...replaced.values()].flatMap(plainWords));
    const isSaid = (word: string) => said.has(word);
    return this.#parts.implied
      .filter(({ words, unless }) => words.some(isSaid) && !unless.some(isSaid))
      .map(({ phrase }) => phrase);
  }

  /** Whether a word means nothing but what it implies: old. */
  #isHint(word: string): boolean {
    return !this.knows(word) && this.#parts.implied.some(({ words }) => words.includes(word));
  }

  get colorless(): readonly string[] {
    return this.#parts.colorless;
  }

  get absences(): Readonly<Record<string, string>> {
    return this.#parts.absences;
  }

  #isOfPerson(next = ''): boolean {
    const [word] = plainWords(next);
    if (word === undefined) return true;
    return [...PEOPLE, ...JOINTS].includes(ownEntry(this.#parts.synonyms, word) ?? word);
  }

  /** Phrases of the groups that complete the last word of `text`; none if there is no partial word. */
  completions(text: string, most: number): string[] {
    const typed = plainWords(/\S*$/.exec(text)?.[0] ?? '').join('');
    if (typed.length < 2) return [];
    const phrases = Object.values(this.#parts.groups).flatMap((group) => group.map(phraseOf));
    const fits = phrases.filter((phrase) =>
      plainWords(phrase).some((word) => word.startsWith(typed) && word !== typed),
    );
    return [...new Set(fits)].sort((a, b) => a.length - b.length).slice(0, most);
  }

  /** Suggestions for an unknown word: known words with similar spelling, or else some common descriptions. */
  offers(word: string): string[] {
    const whole = this.#parts.words.filter((one) => /^[a-z]{3,}$/.test(one));
    const near = whole.filter(
      (one) => editDistance(word.toLowerCase(), one) <= Math.floor(word.length / LETTERS_PER_SLIP),
    );
    return (near.length > 0 ? near : this.#usual(word, whole)).slice(0, OFFERED);
  }

  /** A common description of each group; others for each word, so that a long prompt shows more of what there is. */
  #usual(word: string, otherwise: readonly string[]): readonly string[] {
    const groups = Object.values(this.#parts.groups)
      .map((group) => group.filter((text) => phraseOf(text) !== text).map(phraseOf))
      .filter((group) => group.length > 0);
    if (groups.length === 0) return otherwise;
    const turn = [...word].reduce((sum, letter) => (31 * sum + (letter.codePointAt(0) ?? 0)) % 1_000_003, 0);
    return groups.map((group) => group[turn % group.length] as string);
  }
}

/** The part of a text that describes something: "red hair" of "a person with red hair". */
function phraseOf(text: string): string {
  return text.replace(/^an? person (?:with(?:out)? )?/, '');
}

function joined(kept: readonly string[], traits: readonly string[]): string {
  const rest = kept.join(' ').trim();
  const isBare = /^(?:an?|the)?$/.test(rest);
  if (traits.length === 0) return rest;
  return isBare ? traits.join(' and ') : `${rest} with ${traits.join(' and ')}`;
}

/** Lower-case words of letters and digits without accents, as in Kandid's tokenizers. */
function plainWords(text: string): string[] {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
}

function ownEntry(entries: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(entries, key) ? entries[key] : undefined;
}
