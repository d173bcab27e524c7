/** The avatars data set: a picture and exact labels for every seed (DiceBear `avataaars`, design by Pablo Stanley). */
import * as avataaars from '@dicebear/avataaars';
import { createAvatar, type Style } from '@dicebear/core';
import sharp from 'sharp';
import { type SeededRandom, seededRandom } from '../../kit/text-seeded-random.ts';
import {
  AVATAR_ATTRIBUTE_NAMES,
  AVATAR_ATTRIBUTES,
  type AvatarAttribute,
  type AvatarValues,
  HAT_NAMES,
  LONG_HAIR_NAMES,
} from './avatar-words.ts';

/** The value of every attribute, and what DiceBear is asked to draw for it. */
export interface Avatar {
  readonly seed: string;
  readonly labels: Readonly<Record<AvatarAttribute, string>>;
  readonly draws: Readonly<Record<AvatarAttribute, string>>;
}

/** The style's own option types list every name as a literal; ours come from the table of words. */
const STYLE = avataaars as unknown as Style<Record<string, unknown>>;

/** Beards are rare under long hair: the odds of "none" against each other value are multiplied by this. */
const BEARDLESS_FACTOR = 6;

/** Draws every attribute of the avatar named `seed`; the same seed gives the same avatar for ever. */
export function drawAvatar(seed: string): Avatar {
  const random = seededRandom(seed);
  const labels: Partial<Record<AvatarAttribute, string>> = {};
  const draws: Partial<Record<AvatarAttribute, string>> = {};
  for (const name of AVATAR_ATTRIBUTE_NAMES) {
    const factor = name === 'facialHair' && LONG_HAIR_NAMES.has(labels.top ?? '') ? BEARDLESS_FACTOR : 1;
    const [label, draw] = drawValue(AVATAR_ATTRIBUTES[name], random, factor);
    labels[name] = label;
    draws[name] = draw;
  }
  return { seed, labels: labels as Avatar['labels'], draws: draws as Avatar['draws'] };
}

function drawValue(values: AvatarValues, random: SeededRandom, noneFactor: number): [string, string] {
  const entries = Object.entries(values);
  const weights = entries.map(([name, value]) => (value.weight ?? 1) * (name === 'none' ? noneFactor : 1));
  const [label, value] = entries[random.weighted(weights)] ?? ['', { draws: [''] }];
  const draw = value.draws[Math.floor(random.next() * value.draws.length)] ?? '';
  return [label, draw];
}

const SUNGLASSES: ReadonlySet<string> = new Set(['flat-sunglasses', 'sunglasses', 'wayfarers']);

/**
 * The labels that can be told from the picture: a hat hides the hair colour, a hijab the clothes' cut, dark glasses the
 * eyes and brows, a white shirt its white print (each measured: swapping such a value changes next to no pixel).
 */
export function visibleLabels({ labels }: Avatar): Partial<Record<AvatarAttribute, string>> {
  const hidden = new Set<AvatarAttribute>([HAT_NAMES.has(labels.top) ? 'hairColor' : 'hatColor']);
  const hide = (when: boolean, ...names: AvatarAttribute[]) => {
    if (when) for (const name of names) hidden.add(name);
  };
  hide(labels.top === 'hijab', 'clothes', 'graphic');
  hide(labels.clothes !== 'graphic-shirt' || labels.clothesColor === 'white', 'graphic');
  hide(SUNGLASSES.has(labels.accessories), 'eyes', 'eyebrows');
  hide(labels.accessories === 'eyepatch', 'eyes', 'accessoriesColor');
  hide(labels.accessories === 'none', 'accessoriesColor');
  hide(labels.facialHair === 'none', 'facialHairColor');
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !hidden.has(name as AvatarAttribute)));
}

/** The avatar as an SVG document of `side` pixels. */
export function avatarSvg(avatar: Avatar, side: number): string {
  const { draws } = avatar;
  return createAvatar(STYLE, {
    seed: avatar.seed,
    size: side,
    backgroundColor: [draws.background],
    ...single('top', draws.top),
    hairColor: [draws.hairColor],
    hatColor: [draws.hatColor],
    skinColor: [draws.skin],
    clothing: [draws.clothes],
    clothesColor: [draws.clothesColor],
    clothingGraphic: [draws.graphic],
    mouth: [draws.mouth],
    eyes: [draws.eyes],
    eyebrows: [draws.eyebrows],
    ...single('accessories', draws.accessories),
    accessoriesColor: [draws.accessoriesColor],
    ...single('facialHair', draws.facialHair),
    facialHairColor: [draws.facialHairColor],
  }).toString();
}

function single(part: string, draw: string): Record<string, unknown> {
  return draw === 'none' ? { [`${part}Probability`]: 0 } : { [part]: [draw], [`${part}Probability`]: 100 };
}

/** The avatar as RGB bytes, laid out [side, side, 3]. */
export async function renderAvatar(avatar: Avatar, side: number): Promise<Buffer> {
  const svg = Buffer.from(avatarSvg(avatar, side));
  return sharp(svg).flatten().removeAlpha().toColourspace('srgb').raw().toBuffer();
}
