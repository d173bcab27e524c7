/** How each kind of work is done. */
import { checkPrefix, codeToString, parseCode } from '../contract/codes.ts';
import type { Engine } from '../engine/engine.ts';
import type { Turns } from '../engine/guides/context.ts';
import { conditionOf } from '../engine/input/condition.ts';
import { fitPicture } from '../engine/input/pictures.ts';
import type { OpenModel } from '../engine/models.ts';
import type { Network } from '../engine/network/network.ts';
import type { Descent } from '../engine/search/descent.ts';
import type { CancelledEvent, DoneEvent } from '../engine/search/events.ts';
import { codesUpTo, decodingDescent, isWhole } from '../engine/tasks/decode.ts';
import { encodedAs, encodingDescent } from '../engine/tasks/encode.ts';
import type { AskPerson, Picture } from '../guide.ts';
import type { CancelledNews, DoneNews, ResultPicture, StartedNews, Work } from './messages.ts';

/** What the works need of the job that they are of. */
export interface Workplace {
  readonly engine: Engine;
  readonly signal: AbortSignal;
  readonly ask: AskPerson;
  readonly turns: Turns;
  /** Tells that it has begun. */
  begin(model: OpenModel, told: Pick<StartedNews, 'seed' | 'count' | 'guides'>): void;
  /** Runs a descent to its end, beside others. @throws what made it fail */
  descend(network: Network, descent: Descent): Promise<DoneEvent | CancelledEvent>;
  decode(network: Network, codes: readonly (readonly number[])[], condition: Float32Array | null): Promise<Picture[]>;
}

type Shown = Pick<ResultPicture, 'code' | 'codeString' | 'psnr'> & { readonly image: Picture };
type Told<News> = Omit<News, 'model' | 'hash' | 'seed' | 'results'> & { readonly results: readonly Shown[] };

/** How a job ended, its pictures not encoded yet. */
export type Outcome = Told<DoneNews> | Told<CancelledNews>;

type WorkOf<Kind extends Work['kind']> = Extract<Work, { kind: Kind }>;

const NO_TIME = { network: 0, guides: 0, engine: 0 };

/** @throws {KandidError} what the engine throws for such a request */
export async function perform(work: Work, place: Workplace): Promise<Outcome> {
  if (work.kind === 'generate') return await generate(work, place);
  return work.kind === 'encode' ? await encode(work, place) : await decode(work, place);
}

async function generate({ request, person }: WorkOf<'generate'>, place: Workplace): Promise<Outcome> {
  const { engine, signal, ask, turns } = place;
  const { descent, ...model } = await engine.prepare(request, { signal, turns, ...(person ? { person: ask } : {}) });
  const { seed, count, guides, weights } = descent.plan;
  place.begin(model, { seed, count, guides: guides.map(({ name }, i) => ({ name, weight: weights[i] as number })) });
  return outcomeOf(await place.descend(model.network, descent));
}

async function encode(work: WorkOf<'encode'>, place: Workplace): Promise<Outcome> {
  const { engine, signal, turns } = place;
  const { picture, beams } = work;
  const inTurn = turns.picture;
  const model = await engine.models.open(work.model);
  const { network } = model;
  const { info } = network;
  const { limitPixels } = engine;
  const wanted = { channels: info.channels, side: network.finalSide, name: 'The picture', limitPixels, inTurn };
  const fitted = await fitPicture(picture, wanted);
  const notes: string[] = [];
  const given = work.condition ?? (info.condition ? picture : undefined);
  const condition = await conditionOf(given, info, {
    ...{ limitPixels, inTurn },
    note: (message) => void notes.push(message),
  });
  place.begin(model, { seed: 0, count: 1, guides: [] });
  const event = await place.descend(network, encodingDescent(network, fitted, { beams, condition, signal }));
  if (event.type === 'cancelled') return outcomeOf(event);
  const results = event.results.map((result) => ({ ...result, psnr: encodedAs(result, fitted).psnr }));
  return { ...event, notes: [...notes, ...event.notes], results };
}

async function decode(work: WorkOf<'decode'>, place: Workplace): Promise<Outcome> {
  const { engine, signal } = place;
  const model = await engine.models.open(work.model);
  const { network } = model;
  const notes: string[] = [];
  const { limitPixels } = engine;
  const note = (message: string) => void notes.push(message);
  const condition = await conditionOf(work.condition, network.info, { limitPixels, inTurn: place.turns.picture, note });
  const codes = codesUpTo(network, parsed(work.codes, network.candidateCounts), work.level);
  place.begin(model, { seed: 0, count: codes.length, guides: [] });
  if (codes.length > 0 && !isWhole(network, codes)) {
    const outcome = outcomeOf(await place.descend(network, decodingDescent(network, codes, { condition, signal })));
    // These are not whole: a code string of some levels would pass for one of another model.
    return { ...outcome, notes, results: outcome.results.map((result) => ({ ...result, codeString: '' })) };
  }
  const pictures = await place.decode(network, codes, condition);
  const results = pictures.map((image, i) => {
    const code = codes[i] as number[];
    return { code, codeString: codeToString(code, network.candidateCounts), image };
  });
  return { type: 'done', results, guides: [], notes, timings: NO_TIME };
}

function parsed(codes: WorkOf<'decode'>['codes'], candidates: readonly number[]): (readonly number[])[] {
  return codes.map((code) => {
    if (typeof code === 'string') return parseCode(code, candidates);
    checkPrefix(code, candidates);
    return code;
  });
}

function outcomeOf(event: DoneEvent | CancelledEvent): Outcome {
  if (event.type === 'done') return event;
  return { ...event, results: event.results.map(({ prefix, image }) => ({ code: prefix, codeString: '', image })) };
}
