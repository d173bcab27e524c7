/** Encoding: finds the code whose picture is nearest to a given one, level by level. */
import { type BeamSchedule, beamsPerLevel } from '../../contract/beams.ts';
import type { Code } from '../../contract/codes.ts';
import type { PictureInput } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import type { Candidates, Guide, LevelInfo, LinearForm, Picture } from '../../guide.ts';
import { psnr } from '../../kit/quality.ts';
import { resample } from '../../kit/resample.ts';
import { NO_TURNS } from '../guides/context.ts';
import { GuideRunner } from '../guides/runner.ts';
import { conditionOf } from '../input/condition.ts';
import { cutNotes, fitPicture, type PictureTarget } from '../input/pictures.ts';
import type { Network } from '../network/network.ts';
import { Descent } from '../search/descent.ts';
import { sideNotes } from '../search/notes.ts';
import { ownCode } from './own-code.ts';
import { type DescentTask, type EncodeTask, outcomeOf, type TaskEngine, type TaskOptions, walkOf } from './task.ts';

/** @throws {KandidError} picture_*, condition_*, model_* */
export async function prepareEncoding(
  engine: TaskEngine,
  { picture, model: name, beams, search = false, condition: given, weights: important }: EncodeTask,
  { signal, turns = NO_TURNS }: TaskOptions = {},
): Promise<DescentTask> {
  const model = await engine.models.open(name);
  const { network } = model;
  const { info, finalSide } = network;
  const { limitPixels } = engine;
  const notes: string[] = sideNotes('beams', beams, info);
  const target: PictureTarget = {
    channels: info.channels,
    side: finalSide,
    name: 'The picture',
    limitPixels,
    inTurn: turns.picture,
  };
  const fitted = await fitPicture(picture, target);
  notes.push(...cutNotes('The picture', fitted));
  const condition = await conditionOf(given ?? (info.condition ? picture : undefined), info, {
    limitPixels,
    inTurn: turns.picture,
    note: (message) => void notes.push(message),
  });
  const weights = important === undefined ? undefined : await weightsFrom(important, target, notes);
  const own = search ? null : await ownCode(picture, fitted, model, condition, turns);
  if (own?.note) notes.push(weights && own.code ? OWN_UNUSED : own.note);
  const prefixes = own?.code && !weights ? [own.code] : [];
  const descent = encodingDescent(network, fitted, { beams, condition, signal, notes, prefixes, weights });
  return {
    kind: 'encode',
    run: 'descent',
    model,
    seed: 0,
    count: 1,
    guides: [],
    ...walkOf(descent),
    outcomeOf(end) {
      const outcome = outcomeOf(end);
      if (outcome.type === 'cancelled') return outcome;
      return {
        ...outcome,
        pictures: outcome.pictures.map((one) => ({ ...one, psnr: psnr(one.draw(), fitted, weights) })),
      };
    },
  };
}

const WEIGHTS = 'The picture of weights';
const OWN_UNUSED =
  'The file carries a code; with weights, another was searched that comes nearer where they are white.';

/**
 * Weights of the pixels, [S, S] from 0 (black) to 1 (white).
 *
 * @param notes receives what is worth telling the user
 * @throws {KandidError} picture_*; option_invalid if all is black
 */
export async function weightsFrom(
  given: PictureInput,
  target: PictureTarget,
  notes: string[] = [],
): Promise<Float32Array> {
  const fitted = await fitPicture(given, { ...target, channels: 1, name: WEIGHTS });
  const { data } = fitted;
  notes.push(...cutNotes(WEIGHTS, fitted));
  const weights = data.map((value) => Math.min(1, Math.max(0, (value + 1) / 2)));
  if (weights.every((weight) => weight === 0))
    throw new KandidError('option_invalid', {
      option: WEIGHTS,
      got: 'all black',
      expected: 'white where the code shall come near',
    });
  return weights;
}

interface EncodingOptions {
  readonly beams?: BeamSchedule | undefined;
  /** [channels, S, S] if the model has a condition. */
  readonly condition?: Float32Array | null;
  readonly signal?: AbortSignal | undefined;
  readonly notes?: readonly string[];
  /** Choices of the first levels. */
  readonly prefixes?: readonly Code[];
  /** Of the pixels, [S, S], ≥ 0. @default all alike */
  readonly weights?: Float32Array | undefined;
}

/** The built-in reconstruction guide has no time limit. */
const OWN = { timeoutSeconds: Number.POSITIVE_INFINITY, isTrusted: true };

/** A descent towards a picture with the model's channels and size. */
export function encodingDescent(network: Network, picture: Picture, options: EncodingOptions = {}): Descent {
  const { beams = 1, condition = null, signal = new AbortController().signal, notes = [], prefixes = [] } = options;
  const { levels } = network.info;
  return new Descent({
    info: network.info,
    seed: 0,
    count: 1,
    sampler: { top: 1, temperature: 0 },
    beams: beamsPerLevel(
      beams,
      levels.map(({ side }) => side),
    ),
    blend: 'zscore',
    guides: [new GuideRunner('reconstruction', reconstruction(picture, options.weights), OWN)],
    weights: [1],
    prefixes,
    condition,
    signal,
    notes,
  });
}

/** Scores by the squared distance to the picture, area-shrunk to each level's side as its weights are. */
export function reconstruction(picture: Picture, weights?: Float32Array): Guide {
  const forms = new Map<number, LinearForm>();
  const formAt = (side: number): LinearForm => {
    const { channels, width, height } = picture;
    const known = forms.get(side);
    if (known) return known;
    const shrunk = (data: Float32Array) => resample(data, { width, height }, { width: side, height: side });
    const weight = weights && shrunk(weights);
    const form: LinearForm = {
      outChannels: channels,
      width: side,
      height: side,
      target: shrunk(picture.data),
      ...(weight ? { weight } : {}),
      scale: 1,
    };
    forms.set(side, form);
    return form;
  };
  return {
    score: (candidates: Candidates, { side }: LevelInfo) => distances(candidates, formAt(side)),
    linear: ({ side }: LevelInfo) => formAt(side),
  };
}

function distances({ data, batch, count }: Candidates, { target, weight }: LinearForm): Float32Array {
  const scores = new Float32Array(batch * count);
  const { length } = target;
  for (let n = 0; n < scores.length; n++)
    if (weight) scores[n] = -weightedDistance(data, n * length, target, weight);
    else scoreDistance(scores, n, data, n * length, target);
  return scores;
}

function weightedDistance(data: Float32Array, from: number, target: Float32Array, weight: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < target.length; i++)
    sum += (weight[i % weight.length] as number) * ((data[from + i] as number) - (target[i] as number)) ** 2;
  return sum;
}

/**
 * Four sums, so that additions need not wait for each other: half the time. Written in place instead of returned, so
 * that no number is boxed.
 */
function scoreDistance(scores: Float32Array, n: number, data: Float32Array, from: number, target: Float32Array): void {
  const whole = target.length - (target.length % 4);
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let i = 0, at = from; i < whole; i += 4, at += 4) {
    const p = (data[at] as number) - (target[i] as number);
    const q = (data[at + 1] as number) - (target[i + 1] as number);
    const r = (data[at + 2] as number) - (target[i + 2] as number);
    const s = (data[at + 3] as number) - (target[i + 3] as number);
    a += p * p;
    b += q * q;
    c += r * r;
    d += s * s;
  }
  for (let i = whole; i < target.length; i++) a += ((data[from + i] as number) - (target[i] as number)) ** 2;
  scores[n] = -(a + b + c + d);
}
