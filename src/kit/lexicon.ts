/** Which words a text model knows, and what others mean in its words. Texts are taken apart as its tokenizer does. */
import { editDistance } from './nearest-names.ts';

/** What a lexicon is made of; also what the server tells the page. */
export interface LexiconParts {
  /** Words that the model knows, and endings of words after `##`. */
  readonly words: readonly string[];
  /** Other words, and the known ones that mean the same: specs are glasses. */
  readonly synonyms: Readonly<Record<string, string>>;
  /** Words that say what somebody has: a crying person has crying eyes. */
  readonly traits: Readonly<Record<string, string>>;
  /** What the model is commonly asked, in groups of which a picture shows one each. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
}

/** A text as the model reads it. */
export interface Reading {
  readonly text: string;
  /** What was put in the place of what. */
  readonly replaced: ReadonlyMap<string, string>;
  /** Words without a meaning to the model, in order, none twice. */
  readonly unknown: readonly string[];
}

const ENDING = '##';
/** A trait is theirs where it stands before one of them; before anything else it is the thing's: a ginger beard. */
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
const JOINTS: readonly string[] = ['with', 'and', 'in', 'wearing', 'on'];
const OFFERED = 6;
/** A word is taken for a misspelt one with one wrong letter in so many. */
const LETTERS_PER_SLIP = 5;

export class Lexicon {
  readonly #words: ReadonlySet<string>;
  readonly #parts: LexiconParts;

  constructor(parts: LexiconParts) {
    this.#parts = parts;
    this.#words = new Set(parts.words);
  }

  /** Whether the model has seen the word, or can put it together from a word and endings. */
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

  /** The text in the model's words. */
  read(text: string): Reading {
    const replaced = new Map<string, string>();
    const unknown = new Set<string>();
    const traits: string[] = [];
    const parts = text.split(/\s+/);
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
      else for (const one of plainWords(part)) if (!this.knows(one)) unknown.add(one);
      return [synonym ?? part];
    });
    return { text: joined(kept, traits), replaced, unknown: [...unknown] };
  }

  #isOfPerson(next = ''): boolean {
    const [word] = plainWords(next);
    if (word === undefined) return true;
    return [...PEOPLE, ...JOINTS].includes(ownEntry(this.#parts.synonyms, word) ?? word);
  }

  /** Texts of the groups that go on as the last word of `text` begins; none while nothing is being typed. */
  completions(text: string, most: number): string[] {
    const begun = plainWords(/\S*$/.exec(text)?.[0] ?? '').join('');
    if (begun.length < 2) return [];
    const phrases = Object.values(this.#parts.groups).flatMap((group) => group.map(phraseOf));
    const fits = phrases.filter((phrase) =>
      plainWords(phrase).some((word) => word.startsWith(begun) && word !== begun),
    );
    return [...new Set(fits)].sort((a, b) => a.length - b.length).slice(0, most);
  }

  /** Phrases the model knows that are spelt like the word, or hold it; else some of what it is commonly asked. */
  offers(word: string): string[] {
    const phrases = Object.values(this.#parts.groups).map((group) => group.map(phraseOf));
    const whole = this.#parts.words.filter((one) => /^[a-z]{3,}$/.test(one));
    const near = whole.filter(
      (one) => editDistance(word.toLowerCase(), one) <= Math.floor(word.length / LETTERS_PER_SLIP),
    );
    if (near.length > 0) return near.slice(0, OFFERED);
    const usual = phrases.flatMap(([first]) => first ?? []);
    return (usual.length > 0 ? usual : whole).slice(0, OFFERED);
  }
}

/** "a person with red hair" is about "red hair". */
function phraseOf(text: string): string {
  return text.replace(/^an? person (?:with(?:out)? )?/, '');
}

function joined(kept: readonly string[], traits: readonly string[]): string {
  const rest = kept.join(' ').trim();
  const isBare = /^(?:an?|the)?$/.test(rest);
  if (traits.length === 0) return rest;
  return isBare ? traits.join(' and ') : `${rest} with ${traits.join(' and ')}`;
}

/** Lower-case letters and digits without accents, as the words of our tokenizers are. */
function plainWords(text: string): string[] {
  const plain = text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
}

function ownEntry(entries: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(entries, key) ? entries[key] : undefined;
}
