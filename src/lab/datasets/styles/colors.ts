/** Colours that several styles are drawn in, and their words. */
import { type AttributeValues, value } from '../avatar-style.ts';

export const HAIR_COLORS: AttributeValues = {
  auburn: value('a55728', ['auburn', 'reddish-brown', 'chestnut']),
  black: value('2c1b18', ['black', 'jet-black']),
  'dark-blonde': value('b58143', ['dark blonde', 'caramel', 'honey']),
  blonde: value('d6b370', ['blonde', 'golden', 'blond']),
  brown: value('724133', ['brown', 'medium brown']),
  'dark-brown': value('4a312c', ['dark brown', 'deep brown']),
  pink: value('f59797', ['pink', 'pastel pink']),
  platinum: value('ecdcbf', ['platinum', 'platinum blonde', 'pale blonde']),
  red: value('c93305', ['red', 'ginger', 'bright red']),
  silver: value('e8e1e1', ['silver', 'gray', 'white']),
};

export const CLOTH_COLORS: AttributeValues = {
  black: value('262e33', ['black']),
  gray: value('929598', ['gray', 'grey']),
  white: value('ffffff', ['white']),
  red: value('ff5c5c', ['red']),
  orange: value('ff9f45', ['orange']),
  yellow: value('ffe566', ['yellow']),
  green: value('5cc46e', ['green']),
  'sky-blue': value('65c9ff', ['sky blue', 'light blue']),
  blue: value('5199e4', ['blue', 'medium blue']),
  navy: value('25557c', ['navy', 'dark blue', 'navy blue']),
  purple: value('9a6fe0', ['purple', 'violet']),
  pink: value('ffafb9', ['pink', 'light pink']),
  'hot-pink': value('ff488e', ['hot pink', 'magenta', 'bright pink']),
};

export const BACKGROUND_COLORS: AttributeValues = {
  white: value('ffffff', ['white']),
  gray: value('b4b8be', ['gray', 'grey']),
  blue: value('7cc0f2', ['blue', 'light blue']),
  green: value('9bd89b', ['green', 'light green']),
  yellow: value('ffe38a', ['yellow']),
  orange: value('ffb978', ['orange', 'peach']),
  pink: value('ffb0c8', ['pink']),
  purple: value('c5a9f0', ['purple', 'violet', 'lilac']),
};
