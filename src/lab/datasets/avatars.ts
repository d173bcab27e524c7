/** Avatars: a picture and exact labels for every seed, drawn by DiceBear in any of the styles of `styles/`. */
import sharp from 'sharp';
import { type SeededRandom, seededRandom } from '../../kit/text-seeded-random.ts';
import { optionalPackages } from '../../optional-packages.ts';
import { type AttributeValues, type AvatarStyle, attributeNames, type DiceBearStyle } from './avatar-style.ts';
import { PURPOSE } from './purpose.ts';

/** The value of every attribute, and what DiceBear is asked to draw for it. */
export interface Avatar<A extends string = string> {
  readonly seed: string;
  readonly labels: Readonly<Record<A, string>>;
  readonly draws: Readonly<Record<A, string>>;
}

/** Draws every attribute of the avatar named `seed`; the same style and seed always give the same avatar. */
export function drawAvatar<A extends string>(style: AvatarStyle<A>, seed: string): Avatar<A> {
  const random = seededRandom(seed);
  const labels: Partial<Record<A, string>> = {};
  const draws: Partial<Record<A, string>> = {};
  for (const name of attributeNames(style)) {
    const [label, draw] = drawValue(style.attributes[name], random, (value) =>
      style.weightFactor ? style.weightFactor(name, value, labels) : 1,
    );
    labels[name] = label;
    draws[name] = draw;
  }
  return { seed, labels: labels as Avatar<A>['labels'], draws: draws as Avatar<A>['draws'] };
}

function drawValue(
  values: AttributeValues,
  random: SeededRandom,
  factorOf: (value: string) => number,
): [label: string, draw: string] {
  const entries = Object.entries(values);
  const weights = entries.map(([name, value]) => (value.weight ?? 1) * factorOf(name));
  const [label, value] = entries[random.weighted(weights)] ?? ['', { draws: [''] }];
  const draw = value.draws[Math.floor(random.next() * value.draws.length)] ?? '';
  return [label, draw];
}

/** The labels that are visible in the picture. */
export function visibleLabels<A extends string>(
  style: AvatarStyle<A>,
  { labels }: Avatar<A>,
): Partial<Record<A, string>> {
  const hidden = new Set<string>(style.hidden(labels));
  const shown = Object.entries(labels).filter(([name]) => !hidden.has(name));
  return Object.fromEntries(shown) as Partial<Record<A, string>>;
}

/**
 * The avatar as RGB bytes, laid out [side, side, 3].
 *
 * @throws {KandidError} package_missing if DiceBear or the style's package is not installed
 */
export async function renderAvatar<A extends string>(
  style: AvatarStyle<A>,
  { seed, draws }: Avatar<A>,
  side: number,
): Promise<Buffer> {
  const packages = ['@dicebear/core', `@dicebear/${style.name}`];
  const [{ createAvatar }, drawing] = await optionalPackages(packages, PURPOSE, () =>
    Promise.all([import('@dicebear/core'), style.load()]),
  );
  const svg = createAvatar(drawing as DiceBearStyle, { seed, size: side, ...style.options(draws) }).toString();
  return sharp(Buffer.from(svg)).flatten().removeAlpha().toColourspace('srgb').raw().toBuffer();
}
