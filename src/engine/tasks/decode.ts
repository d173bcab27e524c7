/** Pictures of known codes. */
import { setImmediate as breathe } from 'node:timers/promises';
import { type Code, checkCode } from '../../contract/codes.ts';
import { KandidError } from '../../errors.ts';
import type { Picture } from '../../guide.ts';
import { throwIfCancelled } from '../guides/runner.ts';
import type { Network } from '../network/network.ts';
import { advance } from '../search/batches.ts';
import { Descent } from '../search/descent.ts';

export interface DecodeOptions {
  /** Shows the pictures as they stand after this level. @default the last */
  readonly level?: number | undefined;
  /** [channels, S, S] where the model has a condition. */
  readonly condition?: Float32Array | null;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Whole codes are drawn by decode.onnx in one run; up to an earlier level the level graphs are walked, which costs no more
 * than the levels needed.
 *
 * @throws {KandidError} code_invalid, option_invalid, cancelled
 */
export async function decodeCodes(
  network: Network,
  codes: readonly Code[],
  options: DecodeOptions,
): Promise<Picture[]> {
  const { level, condition = null, signal } = options;
  const cut = codesUpTo(network, codes, level);
  if (cut.length === 0) return [];
  if (isWhole(network, cut)) {
    if (signal) throwIfCancelled(signal);
    return await network.decode(
      cut,
      cut.map(() => condition),
    );
  }
  return await walk(network, decodingDescent(network, cut, { condition, signal }));
}

/**
 * Codes cut off behind a level, checked.
 *
 * @param level the last where absent
 * @throws {KandidError} code_invalid, option_invalid
 */
export function codesUpTo(network: Network, codes: readonly Code[], level?: number): Code[] {
  const last = network.info.levels.length - 1;
  const at = level ?? last;
  if (!(Number.isInteger(at) && at >= 0 && at <= last))
    throw new KandidError('option_invalid', {
      option: 'level',
      got: String(level),
      expected: `a level from 0 to ${last}`,
    });
  const wanted = network.candidateCounts.slice(0, at + 1);
  const cut = codes.map((code) => code.slice(0, at + 1));
  for (const code of cut) checkCode(code, wanted);
  return cut;
}

/** Whether codes of one length have all levels. */
export function isWhole(network: Network, codes: readonly Code[]): boolean {
  return codes[0]?.length === network.info.levels.length;
}

/** A descent along codes of one length, at least one; it ends where they do. */
export function decodingDescent(
  { info }: Network,
  codes: readonly Code[],
  { condition = null, signal = new AbortController().signal }: Omit<DecodeOptions, 'level'> = {},
): Descent {
  return new Descent({
    info: { ...info, levels: info.levels.slice(0, codes[0]?.length ?? 0) },
    seed: 0,
    count: codes.length,
    sampler: { top: 1, temperature: 0 },
    beams: info.levels.map(() => 1),
    blend: 'zscore',
    guides: [],
    weights: [],
    prefixes: codes,
    condition,
    signal,
    notes: [],
  });
}

async function walk(network: Network, descent: Descent): Promise<Picture[]> {
  while (descent.status === 'ready') {
    await advance(network, [descent]);
    await breathe();
  }
  const end = descent.takeEvents().at(-1);
  if (end?.type === 'done') return end.results.map(({ image }) => image);
  throw descent.error ?? new KandidError('cancelled', { when: 'on request' });
}
