/** Evaluations whose searches are not run: codes, previews and pictures are given, so that every figure is known. */
import { after } from 'node:test';
import type { GenerateRequest } from '../../../src/contract/requests.ts';
import { Engine } from '../../../src/engine/engine.ts';
import type { OpenModel } from '../../../src/engine/models.ts';
import type { Picture } from '../../../src/guide.ts';
import {
  EvaluationContext,
  type EvaluationContextOptions,
  type RequestOutcome,
} from '../../../src/lab/evaluate/context.ts';

/** Side of the pictures of the models that these tests use. */
export const SIDE = 8;

/** A picture by its values, −1 … 1. */
export function drawn(of: (x: number, y: number, channel: number) => number, side = SIDE): Picture {
  const data = Float32Array.from({ length: 3 * side * side }, (_, i) =>
    of(i % side, Math.floor(i / side) % side, Math.floor(i / side / side)),
  );
  return { data, channels: 3, width: side, height: side };
}

/** One value everywhere, or one colour. */
export function flat(value: number | readonly [number, number, number], side = SIDE): Picture {
  return drawn((_x, _y, channel) => (typeof value === 'number' ? value : (value[channel] as number)), side);
}

export interface OutcomeParts {
  readonly code?: readonly number[];
  /** Of each level. */
  readonly previews?: readonly Picture[];
  /** Candidates that the guide looked at. */
  readonly seen?: number;
}

/** How a request went that gave these pictures. */
export function outcomeOf(images: readonly Picture[], { code = [], previews = [], seen = 0 }: OutcomeParts = {}) {
  const timings = { network: 0, guides: 0, engine: 0 };
  const outcome: RequestOutcome = {
    done: {
      type: 'done',
      results: images.map((image, index) => ({ code: [...code], codeString: '', seed: 0, image, index })),
      guides: [{ name: 'guide', calls: 1, candidates: seen, ms: 0 }],
      notes: [],
      timings,
    },
    levels: previews.map((preview, level) => ({
      type: 'level',
      level,
      levels: previews.length,
      side: preview.width,
      choices: [],
      codes: [],
      scores: [],
      guideScores: [],
      previews: [preview],
      timings,
    })),
  };
  return outcome;
}

export interface Known {
  /** Held-out pictures. */
  readonly pictures: readonly Picture[];
  readonly ceiling?: readonly RequestOutcome[];
  readonly random?: readonly Picture[];
  /** Of the request so many of the run so called. */
  readonly results?: (index: number, label: string, request: GenerateRequest) => RequestOutcome;
  /** Of the picture so many; the ceiling's where absent. */
  readonly encoded?: (index: number, beams: number) => RequestOutcome;
  readonly training?: readonly Picture[];
  /** In place of the judge's folder, and whatever else is to be otherwise. */
  readonly options?: Partial<EvaluationContextOptions>;
}

const engines: Engine[] = [];
after(() => Promise.all(engines.map((engine) => engine.close())));

/** @param folder a folder of models and the name of one */
export async function knownContext(known: Known, folder = 'models/tiny'): Promise<KnownContext> {
  const [, models = '', model = ''] = /^(.*)\/([^/]+)$/.exec(folder) ?? [];
  const engine = await Engine.open({ models: [models], device: 'cpu', threads: 1 });
  engines.push(engine);
  return new KnownContext(known, engine, await engine.models.open(model));
}

class KnownContext extends EvaluationContext {
  readonly #known: Known;

  constructor(known: Known, engine: Engine, opened: OpenModel) {
    super({
      engine,
      model: opened.network.info.name,
      models: ['test/fixtures/judge'],
      opened,
      dataset: 'avatars',
      pictures: known.pictures,
      trainingPictures: async (most) => {
        const training = (known.training ?? []).slice(0, most);
        return { count: training.length, read: async (from, to) => training.slice(from, to), close: async () => {} };
      },
      usageCount: 1000,
      signal: new AbortController().signal,
      progress: () => {},
      ...known.options,
    });
    this.#known = known;
  }

  override async run(...[label, count, requestOf, onEnd]: Parameters<EvaluationContext['run']>): Promise<void> {
    const { results } = this.#known;
    if (!results) throw new Error(`no results are known of ${label}`);
    for (let i = 0; i < count; i++) await onEnd(i, results(i, label, await requestOf(i)));
  }

  override async encode(...[label, pictures, beams, onEnd]: Parameters<EvaluationContext['encode']>): Promise<void> {
    const { encoded, ceiling = [] } = this.#known;
    if (typeof beams !== 'number') throw new Error(`one number of beams is known, for ${label}`);
    for (const i of pictures.keys()) await onEnd(i, encoded?.(i, beams) ?? (ceiling[i] as RequestOutcome));
  }

  override async ceiling(): Promise<readonly RequestOutcome[]> {
    return this.#known.ceiling ?? [];
  }

  override async random(): Promise<readonly Picture[]> {
    return this.#known.random ?? [];
  }
}
