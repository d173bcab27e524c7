/** Pictures of known codes. */
import { setImmediate as breathe } from 'node:timers/promises';
import { KandidError } from '../errors.ts';
import type { Picture } from '../guide.ts';
import { advance } from './advance.ts';
import { throwIfCancelled } from './asking.ts';
import { type Code, checkCode } from './codes.ts';
import { Descent } from './descent.ts';
import type { Network } from './network.ts';

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
  const last = network.info.levels.length - 1;
  const { level = last, condition = null, signal } = options;
  if (!(Number.isInteger(level) && level >= 0 && level <= last))
    throw new KandidError('option_invalid', {
      option: 'level',
      got: String(level),
      expected: `a level from 0 to ${last}`,
    });
  const wanted = network.candidates.slice(0, level + 1);
  const cut = codes.map((code) => code.slice(0, level + 1));
  for (const code of cut) checkCode(code, wanted);
  if (cut.length === 0) return [];
  if (level < last) return await walk(network, cut, condition, signal);
  if (signal) throwIfCancelled(signal);
  return await network.decode(
    cut,
    cut.map(() => condition),
  );
}

async function walk(
  network: Network,
  codes: readonly Code[],
  condition: Float32Array | null,
  signal: AbortSignal = new AbortController().signal,
): Promise<Picture[]> {
  const levels = codes[0]?.length ?? 0;
  const descent = new Descent({
    info: { ...network.info, levels: network.info.levels.slice(0, levels) },
    seed: 0,
    count: codes.length,
    sampler: { top: 1, temperature: 0 },
    beams: network.info.levels.map(() => 1),
    blend: 'zscore',
    guides: [],
    weights: [],
    prefixes: codes,
    condition,
    signal,
    notes: [],
  });
  while (descent.status === 'ready') {
    await advance(network, [descent]);
    await breathe();
  }
  const end = descent.takeEvents().at(-1);
  if (end?.type === 'done') return end.results.map(({ image }) => image);
  throw descent.error ?? new KandidError('cancelled', { when: 'on request' });
}
