/** Decoding: codes to pictures. */
import { type Code, checkCode, checkPrefix, codeToString, parseCode } from '../../contract/codes.ts';
import { KandidError } from '../../errors.ts';
import { NO_TURNS } from '../guides/context.ts';
import { conditionOf } from '../input/condition.ts';
import type { NetworkInfo } from '../network/graph.ts';
import type { Network } from '../network/network.ts';
import { Descent } from '../search/descent.ts';
import {
  type DecodeTask,
  outcomeOf,
  type PreparedTask,
  partialPicture,
  type TaskEngine,
  type TaskOptions,
  walkOf,
} from './task.ts';

const NO_TIME = { network: 0, guides: 0, engine: 0 };

/**
 * Complete codes are drawn by decode.onnx in one run; for an earlier level, the level graphs are walked, which costs no
 * more than the levels needed.
 *
 * @throws {KandidError} code_invalid, option_invalid, condition_*, model_*
 */
export async function prepareDecoding(
  engine: TaskEngine,
  { codes: given, level, model: name, condition: picture }: DecodeTask,
  { signal, turns = NO_TURNS }: TaskOptions = {},
): Promise<PreparedTask> {
  const model = await engine.models.open(name);
  const { network } = model;
  const counts = network.candidateCounts;
  const notes: string[] = [];
  const condition = await conditionOf(picture, network.info, {
    limitPixels: engine.limitPixels,
    inTurn: turns.picture,
    note: (message) => void notes.push(message),
  });
  const parsed = given.map((code) => parsedCode(code, counts));
  const codes = codesUpTo(network, parsed, level);
  const shared = { kind: 'decode', model, seed: 0, count: codes.length, guides: [] } as const;
  if (codes.every((code) => code.length === counts.length))
    return {
      ...shared,
      run: 'draw',
      codes,
      condition,
      outcomeOf: (images) => ({
        type: 'done',
        level: counts.length,
        pictures: images.map((image, i) => {
          const code = codes[i] as Code;
          const codeString = codeToString(code, counts);
          const { width, height } = image;
          return { draw: () => image, width, height, code, codeString, index: i, origin: { code: codeString } };
        }),
        guides: [],
        notes,
        timings: NO_TIME,
      }),
    };
  const wholes = parsed.map((code) => (code.length === counts.length ? codeToString(code, counts) : null));
  return {
    ...shared,
    run: 'descent',
    ...walkOf(decodingDescent(network.info, codes, { condition, signal, notes })),
    outcomeOf(end) {
      const outcome = outcomeOf(end);
      const pictures = end.results.map((result, i) => {
        const { code = [], index = i } = outcome.pictures[i] ?? {};
        return partialPicture(code, result, { index, whole: wholes[index] ?? null });
      });
      return { ...outcome, pictures };
    },
  };
}

function parsedCode(code: string | Code, counts: readonly number[]): Code {
  if (typeof code === 'string') return parseCode(code, counts);
  checkPrefix(code, counts);
  return code;
}

/**
 * Checks codes and cuts them off after a level.
 *
 * @param level @default the last
 * @throws {KandidError} code_invalid, option_invalid
 */
function codesUpTo({ info, candidateCounts }: Network, codes: readonly Code[], level?: number): Code[] {
  const last = info.levels.length - 1;
  const at = level ?? last;
  if (!(Number.isInteger(at) && at >= 0 && at <= last))
    throw new KandidError('option_invalid', {
      option: 'level',
      got: String(at),
      expected: `a level from 0 to ${last}`,
    });
  const cut = codes.map((code) => code.slice(0, at + 1));
  for (const code of cut) checkCode(code, candidateCounts.slice(0, at + 1));
  return cut;
}

interface DecodingOptions {
  /** [channels, S, S] if the model has a condition. */
  readonly condition: Float32Array | null;
  readonly signal: AbortSignal | undefined;
  readonly notes: readonly string[];
}

/** A descent along codes of one length (at least one level), which ends with them. */
function decodingDescent(info: NetworkInfo, codes: readonly Code[], options: DecodingOptions): Descent {
  const { condition, signal = new AbortController().signal, notes } = options;
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
    notes,
  });
}
