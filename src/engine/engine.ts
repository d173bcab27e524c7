/** The engine: models, guides and shared resources of one process; prepares requests as descents. */
import { randomInt } from 'node:crypto';
import { beamsPerLevel } from '../contract/beams.ts';
import { checkPrefix } from '../contract/codes.ts';
import { type ParticleSchedule, particlesOf, populationPerLevel } from '../contract/particles.ts';
import {
  type BlendKind,
  type CheckedRequest,
  type GenerateRequest,
  GUIDE_TIMEOUT_SECONDS,
  parseRequest,
} from '../contract/requests.ts';
import { KandidError } from '../errors.ts';
import type { AskPerson } from '../guide.ts';
import { type Device, resolveDevice } from '../runtime/device.ts';
import { type GuideServices, NO_TURNS, type Turns } from './guides/context.ts';
import { createGuides } from './guides/create.ts';
import { GuideRegistry } from './guides/registry.ts';
import { ResourceCache } from './guides/resources.ts';
import { type GuideRunner, throwIfCancelled } from './guides/runner.ts';
import { conditionOf } from './input/condition.ts';
import { Models, type OpenModel } from './models.ts';
import { Descent } from './search/descent.ts';
import { codesBelow } from './search/distinct.ts';
import { foresightOf } from './search/foresight.ts';
import { keptNotes, samplerNotes } from './search/notes.ts';
import { levelInfoAt } from './search/plan.ts';
import { firstUnguided } from './search/prior-paths.ts';
import { type Deciders, samplerOf } from './search/sampler.ts';

export interface EngineOptions {
  /** Folders of models. */
  readonly models: readonly string[];
  /** Folders of guides, beside the project's own. @default none */
  readonly guides?: readonly string[] | undefined;
  /** Model of requests that name none. @default the first by name of those that were trained and need no condition */
  readonly defaultModel?: string | undefined;
  /** @default 'auto' */
  readonly device?: string | undefined;
  /** Threads of one run on the CPU. @default one per core */
  readonly threads?: number | undefined;
  /** Whether models may be named by path: for the person at the machine, not for requests from outside. @default true */
  readonly paths?: boolean | undefined;
  /** Hosts that guides may call. @default none */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Seconds that a guide may take for one answer, unless it says otherwise. @default GUIDE_TIMEOUT_SECONDS */
  readonly guideTimeoutSeconds?: number | undefined;
  /** Most pixels of a picture that comes in. @default 50 million */
  readonly limitPixels?: number | undefined;
  /** Most pixels of a picture that is worked on whole. @default limitPixels */
  readonly wholePixels?: number | undefined;
}

export interface PrepareOptions {
  readonly signal?: AbortSignal | undefined;
  /** Answers the questions of the `human` guide. */
  readonly person?: AskPerson | undefined;
  /** @default it has the process for itself */
  readonly turns?: Turns | undefined;
  /** Whether somebody watches the levels: then none are drawn in one run together. @default false */
  readonly isWatched?: boolean | undefined;
}

export interface Prepared extends OpenModel {
  readonly descent: Descent;
}

export class Engine {
  readonly device: Device;
  readonly models: Models;
  readonly guides: GuideRegistry;
  /** Most pixels of a picture that is worked on whole; undefined: as of any that comes in. */
  readonly wholePixels: number | undefined;
  readonly #services: GuideServices;

  private constructor(
    models: Models,
    guides: GuideRegistry,
    { services, wholePixels }: { services: GuideServices; wholePixels: number | undefined },
  ) {
    this.models = models;
    this.guides = guides;
    this.device = services.device;
    this.wholePixels = wholePixels ?? services.limitPixels;
    this.#services = services;
  }

  /** @throws {KandidError} option_invalid, cuda_unavailable, webgpu_unavailable, device_unavailable, device_differs, library_unavailable, file_unreadable, guide_invalid, guide_duplicate */
  static async open(options: EngineOptions): Promise<Engine> {
    const { models: folders, guides = [], threads, paths = true, limitPixels, allowedHosts = [] } = options;
    if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 1024))
      throw new KandidError('option_invalid', {
        option: 'threads',
        got: threads,
        expected: 'a whole number from 1 to 1024',
      });
    const device = await resolveDevice(options.device);
    const [models, registry] = await Promise.all([
      Models.find({ folders, paths, defaultModel: options.defaultModel, device, threads }),
      GuideRegistry.load(guides),
    ]);
    const timeoutSeconds = options.guideTimeoutSeconds ?? GUIDE_TIMEOUT_SECONDS;
    const shared = new ResourceCache();
    const services = { models: folders, paths, device, threads, limitPixels, allowedHosts, timeoutSeconds, shared };
    return new Engine(models, registry, { services, wholePixels: options.wholePixels });
  }

  get limitPixels(): number | undefined {
    return this.#services.limitPixels;
  }

  /**
   * Checks a request and makes its guides. Run the descent with `eventsOf`, or drive it otherwise and dispose of it.
   *
   * @throws {KandidError} params_invalid, model_*, guide_*, picture_*, condition_*, code_invalid, cancelled
   */
  async prepare(
    request: GenerateRequest,
    { signal, person, turns = NO_TURNS, isWatched = false }: PrepareOptions = {},
  ): Promise<Prepared> {
    const checked = parseRequest(request);
    const running = signal ?? new AbortController().signal;
    throwIfCancelled(running);
    const model = await this.models.open(checked.model);
    const { info } = model.network;
    const hasPrior = model.network.prior !== null;
    const most = mostDescents(checked, model);
    const seed = checked.seed ?? randomInt(2 ** 32);
    const isGuided = checked.guides.length > 0;
    const notes = [
      ...samplerNotes(checked.sampler, info, { hasPrior, isGuided }),
      ...keptNotes(checked.prefix, info, { isGuided, count: checked.count }),
    ];
    const condition = await conditionOf(checked.condition, info, {
      limitPixels: this.limitPixels,
      inTurn: turns.picture,
      note: (message) => void notes.push(message),
    });
    const guides = await createGuides(checked.guides, this.guides, this.#services, {
      info,
      hasPrior,
      seed,
      signal: running,
      notes,
      person,
      turns,
    });
    // One that never asks, such as words that say nothing, decides nothing.
    const deciding = guides.filter((guide) =>
      info.levels.some((_, level) => guide.isActiveAt(levelInfoAt(info, level))),
    );
    const blend = checked.blend ?? blendOf(deciding, hasPrior && checked.sampler.prior !== 0);
    const sides = info.levels.map(({ side }) => side);
    const particles = this.#particlesOf(checked, guides, hasPrior);
    const asked = firstUnguided({ info, guides });
    const descent = new Descent({
      info,
      seed,
      condition,
      guides,
      notes,
      signal: running,
      blend,
      count: checked.count,
      sampler: samplerOf(checked.sampler, { hasPrior, guides: kindOf(deciding, blend) }),
      beams: beamsPerLevel(checked.sampler.beams, sides),
      population: populationPerLevel(particles, sides, { count: checked.count, asked }).map((all) =>
        Math.min(all, most),
      ),
      weights: checked.guides.map(({ weight }) => weight),
      prefixes: checked.prefix,
      foresee: foresightOf(model.network, condition, turns),
      isWatched,
    });
    return { ...model, descent };
  }

  #particlesOf(
    { sampler: { particles, beams }, count }: CheckedRequest,
    guides: readonly GuideRunner[],
    hasPrior: boolean,
  ): ParticleSchedule {
    const expensive = guides.filter(({ prefers }) => prefers.shortlist !== undefined);
    const worth = expensive.map(({ name }) => this.guides.get(name).particles);
    return particlesOf({ particles, beams, count, hasPrior, guides: worth });
  }

  /** Frees models and what guides share. Requests that still run fail. */
  async close(): Promise<void> {
    await this.#services.shared.close();
    await this.models.close();
  }
}

/** The default blend: `likelihood` if a prior decides too and the scores of all guides are log-likelihoods. */
function blendOf(guides: readonly GuideRunner[], isPriorAsked: boolean): BlendKind {
  return isPriorAsked && guides.length > 0 && guides.every(({ isLogLikelihood }) => isLogLikelihood)
    ? 'likelihood'
    : 'zscore';
}

function kindOf(guides: readonly GuideRunner[], blend: BlendKind): Deciders['guides'] {
  if (guides.length === 0) return 'none';
  if (blend === 'likelihood') return 'likelihood';
  return guides.some(({ prefers }) => prefers.shortlist !== undefined) ? 'expensive' : 'cheap';
}

/** Descents of all results that can differ from one another. @throws {KandidError} params_invalid, where results cannot */
function mostDescents({ prefix, count }: CheckedRequest, { network }: OpenModel): number {
  const { candidateCounts } = network;
  for (const one of prefix) checkPrefix(one, candidateCounts);
  const kept = prefix[0]?.length ?? 0;
  const each = codesBelow(kept - 1, candidateCounts);
  const alike = prefix.length > 1 ? largestDuplicateCount(prefix) : count;
  if (kept === candidateCounts.length) return count;
  if (alike <= each) return count * Math.floor(each / alike);
  const problem = `there are only ${each} different pictures of this model${kept > 0 ? ' that begin so' : ''}, asked for ${count}`;
  throw new KandidError('params_invalid', { subject: 'The request', field: 'count', problem });
}

/** How often the most frequent list occurs. */
function largestDuplicateCount(lists: readonly (readonly number[])[]): number {
  const counts = new Map<string, number>();
  for (const list of lists) counts.set(list.join(), (counts.get(list.join()) ?? 0) + 1);
  return Math.max(...counts.values());
}
