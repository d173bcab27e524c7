/** Compact codes, entropy-coded with the prior: likely choices take less than log₂ K bits. */
import { createHash } from 'node:crypto';
import type { Code } from '../../contract/codes.ts';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { psnr } from '../../kit/quality.ts';
import type { OpenModel } from '../models.ts';
import { type Network, START, type State } from '../network/network.ts';
import { certainNoise } from '../search/prior-paths.ts';
import { ArithmeticDecoder, ArithmeticEncoder, frequenciesOf } from './arithmetic-coder.ts';

/**
 * `c.` and base64url: a check byte that detects a damaged code or another machine's rounding, then the arithmetic code.
 * `c12.` contains the first 12 levels only; the others take the likeliest choices.
 */
const FORM = /^c(?<levels>[1-9]\d{0,2})?\.(?<bytes>[A-Za-z0-9_-]+)$/;

/** Whether a text is a compact code rather than a code string. */
export function isCompact(text: string): boolean {
  return FORM.test(text.trim());
}

/**
 * The compact form of the first levels of a code (at least one); `expandCode` derives the others from them.
 *
 * The frequencies come from the prior, level by level, one code at a time and on one thread (`Models.openReproducible`), so
 * the number of cores and other requests have no effect. Another kind of processor may round differently, which `expandCode`
 * detects.
 *
 * @throws {KandidError} option_invalid: a model without a prior, or with a condition
 */
export async function compactCode(model: OpenModel, code: Code): Promise<string> {
  const encoder = new ArithmeticEncoder();
  await alongPrior(model.network, code.length, (level, frequencies) => {
    encoder.encode(code[level] as number, frequencies);
    return code[level] as number;
  });
  const bytes = Buffer.concat([Buffer.of(checkOf(model, code)), encoder.finish()]);
  const isWhole = code.length === model.network.info.levels.length;
  return `c${isWhole ? '' : code.length}.${bytes.toString('base64url')}`;
}

/**
 * The complete code of a compact one.
 *
 * @throws {KandidError} code_invalid, option_invalid
 */
export async function expandCode(model: OpenModel, text: string): Promise<Code> {
  const { network } = model;
  const total = network.info.levels.length;
  const { levels = String(total), bytes = '' } = FORM.exec(text.trim())?.groups ?? {};
  const invalid = (problem: string, expected: string) =>
    new KandidError('code_invalid', { code: text, problem, expected });
  if (Number(levels) > total) throw invalid(`has ${levels} levels`, `at most ${total}`);
  const [check, ...rest] = Buffer.from(bytes, 'base64url');
  if (check === undefined) throw invalid('is empty', 'c., then letters and digits');
  const decoder = new ArithmeticDecoder(Uint8Array.from(rest), Number(levels));
  const code: number[] = [];
  await alongPrior(network, Number(levels), (_, frequencies) => {
    code.push(decoder.decode(frequencies));
    return code.at(-1) as number;
  });
  if (checkOf(model, code) !== check)
    throw invalid(
      'is damaged, or was made by another model or on a processor that rounds differently',
      'a code made by this model on a machine like this',
    );
  if (code.length === total) return code;
  const [path] = await network.descend([certainNoise(network.info, code)], [null]);
  return path?.code ?? code;
}

/**
 * The shortest prefix of a picture's code that, completed with the likeliest choices, draws the picture with a PSNR of at
 * least `decibels`. The whole code if none does.
 *
 * @param picture [channels, S, S]
 * @param weights of the pixels, [S, S]. @default all alike
 * @throws {KandidError} option_invalid
 */
export async function shortestCode(
  { network }: OpenModel,
  code: Code,
  picture: Picture,
  decibels: number,
  weights?: Float32Array,
): Promise<Code> {
  checkPrior(network);
  for (let from = 1; from < code.length; from += network.rowsPerDescend) {
    const lengths = Array.from({ length: Math.min(network.rowsPerDescend, code.length - from) }, (_, i) => from + i);
    const paths = await network.descend(
      lengths.map((length) => certainNoise(network.info, code.slice(0, length))),
      lengths.map(() => null),
    );
    const found = paths.findIndex(({ images }) => {
      const data = images.at(-1) as Float32Array<ArrayBuffer>;
      return psnr({ ...picture, data }, picture, weights) >= decibels;
    });
    if (found >= 0) return code.slice(0, lengths[found]);
  }
  return code;
}

type Choose = (level: number, frequencies: readonly number[]) => number;

/** Walks the first `levels` levels; `choose` is given the prior's frequencies of each level's candidates. */
async function alongPrior(network: Network, levels: number, choose: Choose): Promise<void> {
  checkPrior(network);
  let state: State = START;
  let releaseBefore = () => {};
  try {
    for (let level = 0; level < levels; level++) {
      const run = await network.runLevel(level, [{ state, condition: null }], 1, true);
      releaseBefore();
      releaseBefore = () => run.releaseFeatures();
      const choice = choose(level, frequenciesOf(run.logPrior?.data ?? []));
      const predict = new Float32Array(run.size);
      run.drawInto(predict, 0, choice);
      run.releaseCandidates();
      state = { code: [...state.code, choice], from: { features: run.features, row: 0 }, predict, logPrior: 0 };
    }
  } finally {
    releaseBefore();
  }
}

/** The check byte of a code and its network. */
function checkOf({ bundle }: OpenModel, code: Code): number {
  return createHash('sha256').update(`${bundle.hash} ${code.join()}`).digest()[0] as number;
}

function checkPrior({ prior, info }: Network): void {
  if (prior && !info.condition) return;
  throw new KandidError('option_invalid', {
    option: 'The model of a compact code',
    got: `${info.name}, which ${info.condition ? 'takes a condition' : 'has no prior'}`,
    expected: 'a model with a prior and without a condition, such as avatars-256',
  });
}
