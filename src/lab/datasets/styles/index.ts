/** The styles of avatars that can be drawn. Another one is a file beside these and a row here. */
import { KandidError } from '../../../errors.ts';
import type { AvatarStyle } from '../avatar-style.ts';
import { AVATAAARS } from './avataaars.ts';
import { OPEN_PEEPS } from './open-peeps.ts';

/** By name, the default first. */
export const AVATAR_STYLES: ReadonlyMap<string, AvatarStyle> = new Map(
  [AVATAAARS, OPEN_PEEPS].map((style: AvatarStyle) => [style.name, style]),
);

/** @throws {KandidError} option_invalid */
export function avatarStyle(name: string): AvatarStyle {
  const style = AVATAR_STYLES.get(name);
  if (style) return style;
  const expected = [...AVATAR_STYLES.keys()].join(' or ');
  throw new KandidError('option_invalid', { option: '--style', got: `"${name}"`, expected });
}

/** The style that a data set or a model of that name was drawn in. */
export function styleOfDataset(dataset: string): AvatarStyle | undefined {
  return [...AVATAR_STYLES.values()].find((style) => style.dataset === dataset);
}
