/**
 * Requests on a whole picture, of any size and shape: processed in squares, one descent each, which advance together
 * and report as one. The squares' pictures are composed at every level for previews, and at the end.
 */
import { randomInt } from 'node:crypto';
import type { GuideUse } from '../../contract/events.ts';
import { type CheckedRequest, type GenerateRequest, MAX_RESULTS, parseRequest } from '../../contract/requests.ts';
import { WHOLE_GUIDES, type WholeGuide } from '../../contract/whole.ts';
import { type PlaneSize, resample } from '../../kit/resample.ts';
import { decodePicture } from '../../pictures/codec.ts';
import { cropped, type Layout, scaled, type Window } from '../../pictures/windows.ts';
import { NO_TURNS } from '../guides/context.ts';
import { parsedParams } from '../guides/create.ts';
import type { OpenModel } from '../models.ts';
import type { Descent } from '../search/descent.ts';
import { enlargePlan } from './enlarge.ts';
import { repaintPlan } from './repaint.ts';
import type { TaskEngine, TaskOptions, Walk } from './task.ts';
import { joiningOf } from './whole-events.ts';
import { isAlike, refused, type WholeContext, type WholePlan } from './whole-plan.ts';

/** Plans by guide; null if the picture is a single square of the model's. */
const PLANS: Readonly<Record<WholeGuide, (params: never, context: WholeContext) => Promise<WholePlan | null>>> = {
  inpaint: repaintPlan,
  super_resolution: enlargePlan,
};

/** Longest side of previews, in pixels. */
const PREVIEW_SIDE = 512;

export interface PreparedWhole {
  readonly model: OpenModel;
  readonly walk: Walk;
  /** Size of the finished pictures. */
  readonly size: PlaneSize;
}

/**
 * Null if the picture is a single square, so that the model's own picture replaces it.
 *
 * @throws {KandidError} the errors of `Engine.prepare`; params_invalid (whole)
 */
export async function prepareWhole(
  engine: TaskEngine,
  request: GenerateRequest,
  options: TaskOptions,
): Promise<PreparedWhole | null> {
  const { whole = {}, ...checked } = parseRequest(request);
  const { at, name, params } = guideOf(checked);
  const model = await engine.models.open(checked.model);
  const limits = engine.wholePixels === undefined ? {} : { limitPixels: engine.wholePixels };
  const inTurn = (options.turns ?? NO_TURNS).picture;
  const decode = (bytes: Uint8Array, title: string) =>
    decodePicture(bytes, { channels: 4, name: title, inTurn, ...limits });
  const plan = await PLANS[name]((await parsedParams(engine.guides.get(name), params)) as never, {
    side: model.network.finalSide,
    options: whole,
    decode,
  });
  if (!plan) return null;
  checkSquares(plan, checked);
  const condition = await conditionsOf(checked.condition, plan, decode);
  const seed = checked.seed ?? randomInt(2 ** 32);
  const descents: Descent[] = [];
  const isAsked: boolean[] = [];
  try {
    for (const [i, square] of plan.squares.entries()) {
      const own = await plan.paramsOf(square);
      const guides = checked.guides.flatMap((guide, g) => (g !== at ? guide : own ? { ...guide, params: own } : []));
      const part = { ...checked, guides, seed: (seed + i) % Number.MAX_SAFE_INTEGER, condition: condition(square) };
      descents.push((await engine.prepare(part, options)).descent);
      isAsked.push(own !== null);
    }
  } catch (thrown) {
    await Promise.all(descents.map((descent) => descent.dispose()));
    throw thrown;
  }
  return { model, size: layoutOf(plan), walk: walkOfAll({ plan, descents, isAsked, at }) };
}

/** @throws {KandidError} params_invalid */
function guideOf({ guides }: Pick<CheckedRequest, 'guides'>) {
  const found = guides.flatMap(({ name: given, params }, at) => {
    const name = WHOLE_GUIDES.find((one) => one === given);
    return name ? { at, name, params } : [];
  });
  const [first] = found;
  if (first && found.length === 1) return first;
  throw refused(`expected one guide ${WHOLE_GUIDES.join(' or ')}, whose picture it is; got ${found.length}`);
}

function checkSquares(
  { squares, given }: WholePlan,
  { count, prefix }: Pick<CheckedRequest, 'count' | 'prefix'>,
): void {
  const side = squares[0]?.side ?? 0;
  if (squares.length * count > MAX_RESULTS)
    throw refused(
      `${given.width}×${given.height} pixels in squares of ${side} are ${squares.length} squares of each of ${count} results, more than ${MAX_RESULTS} in all; ask for a larger window or fewer results, or shrink the picture`,
    );
  if (squares.length > 1 && prefix.length > 0)
    throw refused(`a picture of ${squares.length} squares has as many codes; leave the first levels out`, 'prefix');
}

/** Crops a condition to each square: it must have the shape of the picture. @throws {KandidError} params_invalid */
async function conditionsOf(
  given: CheckedRequest['condition'],
  { given: size, squares }: WholePlan,
  decode: WholeContext['decode'],
): Promise<(square: Window) => CheckedRequest['condition']> {
  const isAll = squares.length === 1 && size.width === size.height && squares[0]?.side === size.width;
  if (given === undefined || isAll) return () => given;
  const picture = given instanceof Uint8Array ? await decode(given, 'The condition') : given;
  if (!isAlike(picture, size))
    throw refused(
      `it is ${picture.width}×${picture.height}, expected the shape of the picture, ${size.width}×${size.height}`,
      'condition',
    );
  const fitted = { ...picture, data: resample(picture.data, picture, size), ...size };
  return (square) => cropped(fitted, square, Math.min(3, fitted.channels));
}

function layoutOf({ given, squares, scale }: WholePlan, shrunk = 1): Layout {
  const factor = scale * shrunk;
  const length = (value: number) => Math.max(1, Math.round(value * factor));
  return {
    width: length(given.width),
    height: length(given.height),
    windows: squares.map((square) => scaled(square, factor)),
  };
}

interface Parts {
  readonly plan: WholePlan;
  readonly descents: readonly Descent[];
  /** For each square, whether it uses the picture's guide. */
  readonly isAsked: readonly boolean[];
  /** Index of that guide. */
  readonly at: number;
}

function walkOfAll({ plan, descents, isAsked, at }: Parts): Walk {
  const layout = layoutOf(plan);
  const small = layoutOf(plan, Math.min(1, PREVIEW_SIDE / Math.max(layout.width, layout.height)));
  /** Maps one value per guide of a square to the guides of the request; null for one that the square does not use. */
  const ofGuides = <T>(values: readonly T[], square: number): (T | null)[] =>
    isAsked[square] ? [...values] : [...values.slice(0, at), null, ...values.slice(at)];
  const names = descents[isAsked.indexOf(true)]?.plan.guides.map(({ name }) => name) ?? [];
  return {
    descents,
    joining: joiningOf({
      windows: layout.windows,
      notes: plan.notes,
      ofGuides,
      unused: names.map((name): GuideUse => ({ name, calls: 0, candidates: 0, ms: 0 })),
      judge: plan.judge ?? ((pictures) => ({ isMade: pictures.map(() => true), notes: [] })),
      compose: (pictures) => plan.compose(layout, pictures),
      preview: (pictures) => plan.compose(small, pictures),
    }),
    setWeights(weights) {
      for (const [i, descent] of descents.entries())
        descent.setWeights(isAsked[i] ? weights : weights.filter((_, guide) => guide !== at));
    },
  };
}
