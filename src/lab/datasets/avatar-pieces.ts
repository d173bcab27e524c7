/** Pieces of captions, from the rules of a style and an avatar's labels. */

import { choose, type SeededRandom } from '../../kit/text-seeded-random.ts';
import { type AvatarStyle, attributeValue, type CaptionRule, type VisibleLabels } from './avatar-style.ts';

/** A few words, their place in a sentence, and the attributes that they describe (as in `Caption.about`). */
export interface Piece {
  readonly place: 'adjective' | 'with' | 'wearing' | 'tail';
  readonly text: string;
  readonly about: readonly string[];
}

/** A piece that a caption may contain. */
export interface Offer {
  readonly odds: number;
  readonly piece: Piece;
}

interface Context<A extends string> {
  readonly style: AvatarStyle<A>;
  readonly labels: VisibleLabels<A>;
  readonly random: SeededRandom;
}

type RuleOf<A extends string, F extends CaptionRule['form']> = Extract<CaptionRule<A>, { form: F }>;

/** The piece of a rule; undefined if its attribute is not visible. */
export function pieceOf<A extends string>(rule: CaptionRule<A>, context: Context<A>): Offer | undefined {
  const label = context.labels[rule.attribute];
  if (label === undefined) return undefined;
  const without = rule.form === 'part' && label === 'none';
  return {
    odds: without ? rule.oddsWithout : rule.odds,
    piece: without ? trait(rule, context, 'tail') : worded(rule, label, context),
  };
}

function worded<A extends string>(rule: CaptionRule<A>, label: string, context: Context<A>): Piece {
  switch (rule.form) {
    case 'expression':
      return expression(rule, context);
    case 'skin':
      return skin(rule, context);
    case 'hair':
      return hair(rule, label, context);
    case 'background':
      return background(rule, context);
    case 'trait':
      return trait(rule, context, 'with');
    case 'part':
      return part(rule, label, context);
    case 'clothes':
      return clothes(rule, context);
  }
}

function expression<A extends string>({ attribute }: RuleOf<A, 'expression'>, context: Context<A>): Piece {
  const { style, labels, random } = context;
  const { words = [], nouns = [] } = attributeValue(style, attribute, labels[attribute]) ?? {};
  return random.next() < 0.25
    ? { place: 'with', text: choose(nouns, random), about: [attribute] }
    : { place: 'adjective', text: choose(words, random), about: [attribute] };
}

function skin<A extends string>({ attribute }: RuleOf<A, 'skin'>, context: Context<A>): Piece {
  const word = wordFor(attribute, context);
  return context.random.next() < 0.4
    ? { place: 'adjective', text: `${word}-skinned`, about: [attribute] }
    : { place: 'with', text: `${word} skin`, about: [attribute] };
}

function hair<A extends string>(rule: RuleOf<A, 'hair'>, label: string, context: Context<A>): Piece {
  const { style, labels, random } = context;
  const { attribute } = rule;
  const adjective = style.adjectives[label];
  if (adjective && random.next() < 0.5) return { place: 'adjective', text: adjective, about: [attribute] };
  const color = rule.colorOf(label);
  if (color !== rule.hairColor || labels[color] === undefined || random.next() >= 0.25)
    return coloredPiece(attribute, color, rule.hats.has(label) ? 'wearing' : 'with', context);
  const word = wordFor(color, context);
  return random.next() < 0.4
    ? { place: 'adjective', text: `${word}-haired`, about: [color] }
    : { place: 'with', text: `${word} hair`, about: [color] };
}

function background<A extends string>({ attribute }: RuleOf<A, 'background'>, context: Context<A>): Piece {
  const word = wordFor(attribute, context);
  const phrase = choose(['on a % background', 'against a % background', 'on %', '% background'], context.random);
  return { place: 'tail', text: fill(phrase, word), about: [attribute] };
}

function trait<A extends string>({ attribute }: CaptionRule<A>, context: Context<A>, place: Piece['place']): Piece {
  return { place, text: wordFor(attribute, context), about: [attribute] };
}

function part<A extends string>(rule: RuleOf<A, 'part'>, label: string, context: Context<A>): Piece {
  const { style, random } = context;
  const { attribute } = rule;
  const kind = attributeValue(style, attribute, label)?.kind;
  const adjective = style.adjectives[kind ?? ''];
  if (adjective && random.next() < 0.15)
    return { place: 'adjective', text: adjective, about: [`${attribute}~${kind}`] };
  return coloredPiece(attribute, rule.colorOf?.(label), rule.place, context);
}

function clothes<A extends string>(rule: RuleOf<A, 'clothes'>, context: Context<A>): Piece {
  const { labels, random } = context;
  const { attribute: color, garment, print } = rule;
  const word = wordFor(color, context);
  if (garment && print && labels[print] && random.next() < 0.7) {
    const graphic = wordFor(print, context);
    const colored = random.next() < 0.6;
    const text = `${fill('a % shirt', colored ? word : '')} with ${graphic} on it`;
    return { place: 'wearing', text, about: [garment, print, ...(colored ? [color] : [])] };
  }
  if (!garment || !labels[garment] || random.next() < 0.2) {
    const text = fill(choose(['% clothes', 'a % outfit', '%'], random), word);
    return { place: 'wearing', text, about: [color] };
  }
  return coloredPiece(garment, color, 'wearing', context);
}

/** A thing in its own words or those of its kind, with or without its colour. */
function coloredPiece<A extends string>(
  attribute: A,
  color: A | undefined,
  place: Piece['place'],
  context: Context<A>,
): Piece {
  const { style, labels, random } = context;
  const { words = [], kind } = attributeValue(style, attribute, labels[attribute]) ?? {};
  const loose = kind !== undefined && random.next() < 0.4;
  const phrase = choose(loose ? (style.kinds[kind] ?? []) : words, random);
  const isColored = color !== undefined && labels[color] !== undefined && phrase.includes('%') && random.next() < 0.65;
  const text = fill(phrase, isColored ? wordFor(color, context) : '');
  return { place, text, about: [loose ? `${attribute}~${kind}` : attribute, ...(isColored ? [color] : [])] };
}

/** One of the words of the attribute's value. */
function wordFor<A extends string>(attribute: A, { style, labels, random }: Context<A>): string {
  return choose(attributeValue(style, attribute, labels[attribute])?.words ?? [], random);
}

/** A phrase with the colour in the place of `%`. */
export function fill(phrase: string, color = ''): string {
  return phrase.replace('%', color).replace(/ {2,}/g, ' ').trim();
}

export function correctArticles(text: string): string {
  return text.replace(/\ba (?=[aeiou])(?!unib)/g, 'an ').replace(/\ban (?=[^aeiou]|unib)/g, 'a ');
}
