/** Captions and prompts for avatars. Every caption lists the attributes that it mentions, so that it can be verified. */

import { choose, type SeededRandom, seededRandom } from '../../kit/text-seeded-random.ts';
import { correctArticles, fill, type Piece, pieceOf } from './avatar-pieces.ts';
import { type AvatarStyle, attributeValue, type Person, type VisibleLabels } from './avatar-style.ts';

/** A caption and what makes it true: `attribute` (same value), `attribute~kind` (a value of that kind) or `person`. */
export interface Caption {
  readonly text: string;
  readonly about: readonly string[];
}

const CAPTIONS = 5;

const OPENINGS = ['a picture of ', 'a portrait of ', 'an avatar of ', 'a drawing of ', 'a photo of '];

const NOUNS: Readonly<Record<Person, readonly string[]>> = {
  woman: ['woman', 'woman', 'girl', 'lady'],
  man: ['man', 'man', 'guy', 'boy'],
  person: ['person', 'person', 'avatar', 'character', 'face'],
};

/** Five captions, all different, the same for the same style, seed and labels. */
export function captionsOf<A extends string>(style: AvatarStyle<A>, seed: string, labels: VisibleLabels<A>): Caption[] {
  const random = seededRandom(`${seed}/captions`);
  const captions = new Map<string, Caption>();
  for (let n = 0; captions.size < CAPTIONS; n++) {
    const wanted = [1, 0.7, 0.5, 0.5, 0][n % CAPTIONS] ?? 1;
    const pieces = choosePieces(style, labels, random, wanted);
    const caption = n % CAPTIONS === 2 ? terse(pieces, random) : sentence(pieces, style.person(labels), random);
    captions.set(caption.text, caption);
  }
  return [...captions.values()];
}

/** Prompts for one value, the plainest first: "a person with red hair". */
export function promptsOf<A extends string>(style: AvatarStyle<A>, attribute: A, name: string): string[] {
  const prompt = style.prompts[attribute];
  const template = typeof prompt === 'string' ? prompt : prompt(name);
  const words = attributeValue(style, attribute, name)?.words ?? [];
  return words.map((word) => correctArticles((name === 'none' ? 'a person *' : template).replace('*', fill(word))));
}

function sentence(pieces: readonly Piece[], visible: Person, random: SeededRandom): Caption {
  const at = (place: Piece['place']) => pieces.filter((piece) => piece.place === place).map((piece) => piece.text);
  const person = random.next() < 0.4 ? 'person' : visible;
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

function terse(chosen: readonly Piece[], random: SeededRandom): Caption {
  const pieces = chosen
    .map((piece) => ({ piece, key: random.next() }))
    .sort((a, b) => a.key - b.key)
    .map(({ piece }) => piece);
  const parts = pieces.map(({ place, text }) =>
    place === 'wearing' && random.next() < 0.6 ? `wearing ${text}` : text,
  );
  return { text: correctArticles(parts.join(', ')), about: pieces.flatMap((piece) => piece.about) };
}

/** Pieces of a caption: `wanted` 1 keeps about six, 0 keeps one; at least one. */
function choosePieces<A extends string>(
  style: AvatarStyle<A>,
  labels: VisibleLabels<A>,
  random: SeededRandom,
  wanted: number,
): Piece[] {
  const offered = style.captions.flatMap((rule) => pieceOf(rule, { style, labels, random }) ?? []);
  const scored = offered.map(({ odds, piece }) => ({ piece, luck: random.next() / odds }));
  const best = Math.min(...scored.map(({ luck }) => luck));
  return scored.filter(({ luck }) => luck < wanted || luck === best).map(({ piece }) => piece);
}

function enumerate(items: readonly string[]): string {
  if (items.length < 2) return items.join('');
  return `${items.slice(0, -1).join(', ')} and ${items.at(-1)}`;
}
