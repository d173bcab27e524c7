/** Parses option values; an invalid one is a usage error that names the option and what it accepts. */

import { MAX_PARTICLES } from '../contract/requests.ts';
import { KandidError } from '../errors.ts';
import { nameHint } from '../kit/nearest-names.ts';

export function wrongValue(option: string, got: string, expected: string): KandidError {
  return new KandidError('option_invalid', { option, got: `"${got.slice(0, 100)}"`, expected });
}

/** A parser of whole numbers from `least` to `most`. */
export function whole(option: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^[+-]?\d+$/.test(text.trim()) && number >= least && number <= most) return number;
    throw wrongValue(option, text, `a whole number from ${least} to ${most}`);
  };
}

/** A parser of numbers from `least` to `most`. */
export function decimal(option: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (text.trim() !== '' && Number.isFinite(number) && number >= least && number <= most) return number;
    throw wrongValue(option, text, `a number from ${least} to ${most}`);
  };
}

/** A parser of one of several words. */
export function oneOf<Word extends string>(option: string, words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found === undefined)
      throw wrongValue(option, text, `${words.join(', ')}. ${nameHint(text, words)}`.replace(/\.$/, ''));
    return found;
  };
}

/** Collects the values of a repeatable option. */
export function several(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

const MAX_BEAMS = 256;

/** Beams: `16` for all levels, `4:16,8:8` by side, `16,16,8` level by level (the last value continues). */
export function beams(text: string): number | number[] | Record<string, number> {
  const expected = 'a number (16), numbers by side (4:16,8:8,16:4) or level by level (16,16,8,4)';
  const count = (part: string): number => {
    const number = Number(part);
    if (!(/^\d+$/.test(part.trim()) && number >= 1 && number <= MAX_BEAMS))
      throw wrongValue('--beams', text, `${expected}, each from 1 to ${MAX_BEAMS}`);
    return number;
  };
  const parts = text.split(',');
  if (!text.includes(':')) return parts.length === 1 ? count(text) : parts.map(count);
  return Object.fromEntries(
    parts.map((part) => {
      const [side = '', number = '', ...rest] = part.split(':');
      if (rest.length > 0 || !/^\d+$/.test(side.trim())) throw wrongValue('--beams', text, expected);
      return [String(Number(side)), count(number)];
    }),
  );
}

/** Temperatures: `0.5` for all levels, `4:1,64:0.4` by side. */
export function temperatures(text: string): number | Record<string, number> {
  const expected = 'a number from 0 to 100, or such numbers by side (4:1,64:0.4)';
  return bySide('--temperature', text, expected, (number) => number >= 0 && number <= 100);
}

/** Particles: `4` everywhere, `4:4,8:1.5` by side. */
export function particles(text: string): number | Record<string, number> {
  const expected = `a number from 1 to ${MAX_PARTICLES}, or such numbers by side (4:4,8:1.5)`;
  return bySide('--particles', text, expected, (number) => number >= 1 && number <= MAX_PARTICLES);
}

/** A number, or one for each of some sides. */
function bySide(
  option: string,
  text: string,
  expected: string,
  isRight: (number: number) => boolean,
): number | Record<string, number> {
  const one = (part: string): number => {
    const number = Number(part);
    if (part.trim() === '' || !isRight(number)) throw wrongValue(option, text, expected);
    return number;
  };
  if (!text.includes(':')) return one(text);
  return Object.fromEntries(
    text.split(',').map((part) => {
      const [side = '', number = '', ...rest] = part.split(':');
      if (rest.length > 0 || !/^\d+$/.test(side.trim())) throw wrongValue(option, text, expected);
      return [String(Number(side)), one(number)];
    }),
  );
}

/** A guide as given on the command line. */
export interface GuideSpec {
  readonly name: string;
  readonly weight: number;
  readonly params: Readonly<Record<string, unknown>>;
}

const MAX_WEIGHT = 100;

/** `name`, `name:weight`, `name:{"param": …}` or `name:weight:{"param": …}`. */
export function guideSpec(text: string): GuideSpec {
  const [, name = '', rest = ''] = /^([^:]*):?(.*)$/s.exec(text) ?? [];
  const expected = 'name, name:weight or name:weight:{"param": "value"}';
  if (name.trim() === '') throw wrongValue('--guide', text, expected);
  const jsonAt = rest.trimStart().startsWith('{') ? 0 : rest.indexOf(':') + 1;
  const json = jsonAt > 0 || rest.trimStart().startsWith('{') ? rest.slice(jsonAt) : '';
  const weight = json === '' ? rest : rest.slice(0, Math.max(0, jsonAt - 1));
  return {
    name: name.trim(),
    weight: weight.trim() === '' ? 1 : decimal(`weight of --guide ${name}`, -MAX_WEIGHT, MAX_WEIGHT)(weight),
    params: json.trim() === '' ? {} : jsonObject(`params of --guide ${name}`, json),
  };
}

/** Parses a JSON object. */
export function jsonObject(option: string, text: string): Record<string, unknown> {
  const expected = 'a JSON object such as {"prompt": "red hair"}; mind the quotes of your shell';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrongValue(option, text, expected);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongValue(option, text, expected);
  return value as Record<string, unknown>;
}
