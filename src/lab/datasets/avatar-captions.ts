/** Captions and prompts for avatars: every caption says which attributes it is about, so that its truth can be checked. */

import { type SeededRandom, seededRandom } from '../../kit/text-seeded-random.ts';
import {
  AVATAR_ATTRIBUTES,
  AVATAR_KINDS,
  type AvatarAttribute,
  type AvatarValue,
  type AvatarValues,
  HAT_NAMES,
  LONG_HAIR_NAMES,
} from './avatar-words.ts';

/** The attributes that can be seen, with their values. */
export type VisibleLabels = Readonly<Partial<Record<AvatarAttribute, string>>>;

/** A caption and what makes it true: `attribute` (same value), `attribute~kind` (a value of that kind) or `person`. */
export interface Caption {
  readonly text: string;
  readonly about: readonly string[];
}

/** What people call the one in the picture. The drawings have no gender; these are the words that people type. */
export type Person = 'woman' | 'man' | 'person';

interface Piece {
  readonly place: 'adjective' | 'with' | 'wearing' | 'tail';
  readonly text: string;
  readonly about: readonly string[];
}

const CAPTIONS = 5;

const OPENINGS = ['a picture of ', 'a portrait of ', 'an avatar of ', 'a drawing of ', 'a photo of '];

/** Words for a whole piece, used now and then: "a bald man", "a bearded woman". */
const ADJECTIVES: Readonly<Record<string, string>> = { balding: 'bald', beard: 'bearded', moustache: 'moustached' };

const NOUNS: Readonly<Record<Person, readonly string[]>> = {
  woman: ['woman', 'woman', 'girl', 'lady'],
  man: ['man', 'man', 'guy', 'boy'],
  person: ['person', 'person', 'avatar', 'character', 'face'],
};

/** A beard makes a man, long hair without one a woman, short hair a man; under hats anyone may be. */
export function personOf(labels: VisibleLabels): Person {
  const top = labels.top ?? '';
  if (labels.facialHair !== 'none') return 'man';
  if (LONG_HAIR_NAMES.has(top)) return 'woman';
  const kind = avatarValue('top', top)?.kind;
  return !HAT_NAMES.has(top) && kind === 'short' ? 'man' : 'person';
}

/** Five captions, all different, the same for the same seed and labels. */
export function captionsOf(seed: string, labels: VisibleLabels): Caption[] {
  const random = seededRandom(`${seed}/captions`);
  const captions = new Map<string, Caption>();
  for (let n = 0; captions.size < CAPTIONS; n++) {
    const wanted = [1, 0.7, 0.5, 0.5, 0][n % CAPTIONS] ?? 1;
    const caption = n % CAPTIONS === 2 ? terse(labels, random, wanted) : sentence(labels, random, wanted);
    captions.set(caption.text, caption);
  }
  return [...captions.values()];
}

/** Ways to ask for one value, the plainest first: "a person with red hair". */
export function promptsOf(attribute: AvatarAttribute, name: string): string[] {
  const words = avatarValue(attribute, name)?.words ?? [];
  return words.map((word) => correctArticles(promptFor(attribute, name, fill(word))));
}

function promptFor(attribute: AvatarAttribute, name: string, word: string): string {
  if (name === 'none') return `a person ${word}`;
  switch (attribute) {
    case 'top':
      return `a person ${HAT_NAMES.has(name) ? 'wearing' : 'with'} ${word}`;
    case 'hairColor':
      return `a person with ${word} hair`;
    case 'hatColor':
      return `a person wearing ${word} headwear`;
    case 'skin':
      return `a person with ${word} skin`;
    case 'clothes':
    case 'accessories':
      return `a person wearing ${word}`;
    case 'clothesColor':
      return `a person wearing ${word} clothes`;
    case 'graphic':
      return `a shirt with ${word} on it`;
    case 'mouth':
      return `a ${word} person`;
    case 'accessoriesColor':
      return `a person wearing ${word} glasses`;
    case 'facialHairColor':
      return `a person with a ${word} beard`;
    case 'background':
      return `a ${word} background`;
    default:
      return `a person with ${word}`;
  }
}

function sentence(labels: VisibleLabels, random: SeededRandom, wanted: number): Caption {
  const pieces = choosePieces(labels, random, wanted);
  const at = (place: Piece['place']) => pieces.filter((piece) => piece.place === place).map((piece) => piece.text);
  const person = random.next() < 0.4 ? 'person' : personOf(labels);
  const head = `a ${[...at('adjective'), choose(NOUNS[person], random)].join(' ')}`;
  const withs = at('with').length > 0 ? ` with ${enumerate(at('with'))}` : '';
  const wears = at('wearing').length > 0 ? `${wearingWord(withs !== '', random)} ${enumerate(at('wearing'))}` : '';
  const opening = random.next() < 0.12 ? choose(OPENINGS, random) : '';
  const text = [`${opening}${head}${withs}${wears}`, ...at('tail')].join(', ');
  const about = pieces.flatMap((piece) => piece.about);
  return { text: correctArticles(text), about: person === 'person' ? about : ['person', ...about] };
}

function wearingWord(afterWith: boolean, random: SeededRandom): string {
  if (random.next() < 0.3) return ' in';
  return afterWith ? ', wearing' : ' wearing';
}

function terse(labels: VisibleLabels, random: SeededRandom, wanted: number): Caption {
  const pieces = choosePieces(labels, random, wanted)
    .map((piece) => ({ piece, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ piece }) => piece);
  const parts = pieces.map(({ place, text }) =>
    place === 'wearing' && random.next() < 0.6 ? `wearing ${text}` : text,
  );
  return { text: correctArticles(parts.join(', ')), about: pieces.flatMap((piece) => piece.about) };
}

/** Pieces of a caption: `wanted` 1 keeps about six, 0 keeps one; never none. */
function choosePieces(labels: VisibleLabels, random: SeededRandom, wanted: number): Piece[] {
  const offered = offerPieces(labels, random);
  const scored = offered.map(({ odds, piece }) => ({ piece, luck: random.next() / odds }));
  const best = Math.min(...scored.map(({ luck }) => luck));
  return scored.filter(({ luck }) => luck < wanted || luck === best).map(({ piece }) => piece);
}

function offerPieces(labels: VisibleLabels, random: SeededRandom): { odds: number; piece: Piece }[] {
  const says = (attribute: AvatarAttribute) => choose(avatarValue(attribute, labels[attribute])?.words ?? [], random);
  const simple = (place: Piece['place'], attribute: AvatarAttribute): Piece => ({
    place,
    text: says(attribute),
    about: [attribute],
  });
  const offers: { odds: number; piece: Piece }[] = [
    { odds: 0.6, piece: mouthPiece(labels, random) },
    { odds: 0.25, piece: skinPiece(says('skin'), random) },
    { odds: 0.85, piece: topPiece(labels, random) },
    { odds: 0.25, piece: backgroundPiece(says('background'), random) },
  ];
  if (labels.eyes) offers.push({ odds: 0.3, piece: simple('with', 'eyes') });
  if (labels.eyebrows) offers.push({ odds: 0.2, piece: simple('with', 'eyebrows') });
  for (const [part, place] of [
    ['accessories', 'wearing'],
    ['facialHair', 'with'],
  ] as const) {
    if (labels[part] === 'none') offers.push({ odds: 0.15, piece: simple('tail', part) });
    else offers.push({ odds: 0.7, piece: partPiece(labels, part, place, random) });
  }
  offers.push({ odds: 0.65, piece: clothesPiece(labels, random) });
  return offers;
}

function partPiece(
  labels: VisibleLabels,
  part: 'accessories' | 'facialHair',
  place: Piece['place'],
  random: SeededRandom,
): Piece {
  const kind = avatarValue(part, labels[part])?.kind;
  const adjective = ADJECTIVES[kind ?? ''];
  if (adjective && random.next() < 0.15) return { place: 'adjective', text: adjective, about: [`${part}~${kind}`] };
  return coloredPiece(labels, part, `${part}Color`, place, random);
}

function topPiece(labels: VisibleLabels, random: SeededRandom): Piece {
  const adjective = ADJECTIVES[labels.top ?? ''];
  if (adjective && random.next() < 0.5) return { place: 'adjective', text: adjective, about: ['top'] };
  const isHat = labels.hatColor !== undefined;
  const color = isHat ? 'hatColor' : 'hairColor';
  if (isHat || random.next() >= 0.25) return coloredPiece(labels, 'top', color, isHat ? 'wearing' : 'with', random);
  const word = choose(avatarValue(color, labels[color])?.words ?? [], random);
  return random.next() < 0.4
    ? { place: 'adjective', text: `${word}-haired`, about: [color] }
    : { place: 'with', text: `${word} hair`, about: [color] };
}

function clothesPiece(labels: VisibleLabels, random: SeededRandom): Piece {
  const word = choose(avatarValue('clothesColor', labels.clothesColor)?.words ?? [], random);
  if (labels.graphic && random.next() < 0.7) {
    const graphic = choose(avatarValue('graphic', labels.graphic)?.words ?? [], random);
    const colored = random.next() < 0.6;
    const text = `${fill('a % shirt', colored ? word : '')} with ${graphic} on it`;
    return { place: 'wearing', text, about: ['clothes', 'graphic', ...(colored ? ['clothesColor'] : [])] };
  }
  if (!labels.clothes || random.next() < 0.2) {
    const text = fill(choose(['% clothes', 'a % outfit', '%'], random), word);
    return { place: 'wearing', text, about: ['clothesColor'] };
  }
  return coloredPiece(labels, 'clothes', 'clothesColor', 'wearing', random);
}

function coloredPiece(
  labels: VisibleLabels,
  attribute: AvatarAttribute,
  color: AvatarAttribute,
  place: Piece['place'],
  random: SeededRandom,
): Piece {
  const { words = [], kind } = avatarValue(attribute, labels[attribute]) ?? {};
  const loose = kind !== undefined && random.next() < 0.4;
  const phrase = choose(loose ? AVATAR_KINDS[kind] : words, random);
  const colored = labels[color] !== undefined && phrase.includes('%') && random.next() < 0.65;
  const text = fill(phrase, colored ? choose(avatarValue(color, labels[color])?.words ?? [], random) : '');
  return { place, text, about: [loose ? `${attribute}~${kind}` : attribute, ...(colored ? [color] : [])] };
}

function mouthPiece(labels: VisibleLabels, random: SeededRandom): Piece {
  const { words = [], nouns = [] } = avatarValue('mouth', labels.mouth) ?? {};
  return random.next() < 0.25
    ? { place: 'with', text: choose(nouns, random), about: ['mouth'] }
    : { place: 'adjective', text: choose(words, random), about: ['mouth'] };
}

function skinPiece(word: string, random: SeededRandom): Piece {
  return random.next() < 0.4
    ? { place: 'adjective', text: `${word}-skinned`, about: ['skin'] }
    : { place: 'with', text: `${word} skin`, about: ['skin'] };
}

function backgroundPiece(word: string, random: SeededRandom): Piece {
  const phrase = choose(['on a % background', 'against a % background', 'on %', '% background'], random);
  return { place: 'tail', text: fill(phrase, word), about: ['background'] };
}

function avatarValue(attribute: AvatarAttribute, name: string | undefined): AvatarValue | undefined {
  const values: AvatarValues = AVATAR_ATTRIBUTES[attribute];
  return name === undefined ? undefined : values[name];
}

function choose<T>(list: readonly T[], random: SeededRandom): T {
  return list[Math.floor(random.next() * list.length)] as T;
}

function fill(phrase: string, color = ''): string {
  return phrase.replace('%', color).replace(/ {2,}/g, ' ').trim();
}

function enumerate(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}

function correctArticles(text: string): string {
  return text.replace(/\ba (?=[aeiou])(?!unib)/g, 'an ').replace(/\ban (?=[^aeiou]|unib)/g, 'a ');
}
