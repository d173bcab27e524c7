/** Types of an avatar style: attributes, DiceBear's options per value, visibility rules, and wording. */
import type { Style } from '@dicebear/core';

/** One value of an attribute. */
export interface AttributeValue {
  /** Names or hexadecimal colours in DiceBear that map to this value. */
  readonly draws: readonly string[];
  /** Ways to say it, the plainest first; `%` is where the colour goes. */
  readonly words: readonly string[];
  /** Noun form if the words are adjectives ("a smile"). */
  readonly nouns?: readonly string[];
  /** A broader term: a key of the style's `kinds`. */
  readonly kind?: string;
  /** Relative frequency. @default 1 */
  readonly weight?: number;
}

/** The values of one attribute by name; "none": the part is absent. */
export type AttributeValues = Readonly<Record<string, AttributeValue>>;

/** The value of each visible attribute. */
export type VisibleLabels<A extends string = string> = Readonly<Partial<Record<A, string>>>;

/** Words for the person. The drawings have no gender; these are words that users type. */
export type Person = 'woman' | 'man' | 'person';

/** `odds`: how likely a caption mentions it, 1 often, 0.1 rarely. */
interface Rule<A extends string> {
  readonly attribute: A;
  readonly odds: number;
}

/** How a caption may describe an attribute. A rule whose attribute is hidden is skipped. */
export type CaptionRule<A extends string = string> =
  /** "a smiling person", "a person with a smile". */
  | (Rule<A> & { readonly form: 'expression' })
  /** "a pale-skinned person", "a person with pale skin". */
  | (Rule<A> & { readonly form: 'skin' })
  /** "with a red bob", "red-haired", "wearing a red hat": `hats` are worn; `colorOf` is `hairColor`, or that of a hat or bow. */
  | (Rule<A> & {
      readonly form: 'hair';
      readonly hairColor: A;
      readonly hats: ReadonlySet<string>;
      colorOf(value: string): A;
    })
  /** "on a blue background". */
  | (Rule<A> & { readonly form: 'background' })
  /** "with raised eyebrows". */
  | (Rule<A> & { readonly form: 'trait' })
  /** "wearing red glasses", "with a beard"; `oddsWithout`: how likely a caption mentions that it is absent. */
  | (Rule<A> & {
      readonly form: 'part';
      readonly place: 'wearing' | 'with';
      readonly oddsWithout: number;
      colorOf?(value: string): A | undefined;
    })
  /** "wearing a blue hoodie", "a blue shirt with a bat on it": the attribute is the colour. */
  | (Rule<A> & { readonly form: 'clothes'; readonly garment?: A; readonly print?: A });

/**
 * A style of DiceBear. `A`: its attributes.
 *
 * The order of attributes, of their values, and of the caption rules is part of the data: a change gives other avatars
 * and captions for the same seeds.
 */
export interface AvatarStyle<A extends string = string> {
  /** DiceBear's name, as in the package `@dicebear/NAME`. */
  readonly name: string;
  /** Name prefix of its data sets and models. */
  readonly dataset: string;
  readonly licence: string;
  readonly attribution: string;
  /** The npm package, loaded when a picture is first drawn. */
  load(): Promise<unknown>;
  readonly attributes: Readonly<Record<A, AttributeValues>>;
  /** Broader terms shared by several values of an attribute. */
  readonly kinds: Readonly<Record<string, readonly string[]>>;
  /** One word for a whole piece, by the name of a value or kind: "a bald man", "a bearded woman". */
  readonly adjectives: Readonly<Record<string, string>>;
  /** Multiplies a value's weight, given what was drawn before it. @default 1 */
  weightFactor?(attribute: A, value: string, drawn: VisibleLabels<A>): number;
  /** Attributes that are not visible in the picture; they are left out of labels and captions. */
  hidden(labels: Readonly<Record<A, string>>): Iterable<A>;
  /** DiceBear's options, beside seed and size. */
  options(draws: Readonly<Record<A, string>>): Record<string, unknown>;
  person(labels: VisibleLabels<A>): Person;
  /** Prompt template; `*` is replaced by the words of the value. For "none" it is always "a person *". */
  readonly prompts: Readonly<Record<A, string | ((value: string) => string)>>;
  readonly captions: readonly CaptionRule<A>[];
}

/** DiceBear types every name of a style as a literal; a style here has them in its own table. */
export type DiceBearStyle = Style<Record<string, unknown>>;

/** The attributes in the order in which they are drawn, labelled and classified. */
export function attributeNames<A extends string>(style: AvatarStyle<A>): A[] {
  return Object.keys(style.attributes) as A[];
}

export function attributeValue<A extends string>(
  style: AvatarStyle<A>,
  attribute: A,
  name: string | undefined,
): AttributeValue | undefined {
  return name === undefined ? undefined : style.attributes[attribute][name];
}

/** A row of a style's table. */
export function value(
  draws: string | readonly string[],
  words: readonly string[],
  more: Pick<AttributeValue, 'kind' | 'weight' | 'nouns'> = {},
): AttributeValue {
  return { draws: typeof draws === 'string' ? [draws] : draws, words, ...more };
}

/** DiceBear's options for a part that may be missing. */
export function partOption(part: string, draw: string): Record<string, unknown> {
  return draw === 'none' ? { [`${part}Probability`]: 0 } : { [part]: [draw], [`${part}Probability`]: 100 };
}
