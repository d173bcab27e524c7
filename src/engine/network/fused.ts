/** Runs the graphs that choose without drawing (src/runtime/fused/): a level, or whole descents. */
import type { Code } from '../../contract/codes.ts';
import type { LinearForm } from '../../guide.ts';
import { sizeOf, type Tensor, type TensorData } from '../../kit/tensor.ts';
import { type FormShape, formInput, formShape } from '../../runtime/fused/form-nodes.ts';
import type { SourceLevel } from '../../runtime/fused/level-graph.ts';
import { pictureOutput, type WholeShape } from '../../runtime/fused/whole-graph.ts';
import type { BufferPool } from './buffer-pool.ts';
import { formFeeds, formKey } from './form-feeds.ts';
import type { Graph } from './graph.ts';
import type { UndrawnParts } from './undrawn.ts';

/** What is needed of a bundle's fused graphs. */
export interface FusedSource {
  readonly sizes: readonly SourceLevel[];
  readonly draw: Graph;
  level(index: number, shapes: readonly FormShape[], isChosen: boolean): Graph;
  whole(shape: WholeShape): Graph;
}

export interface FusedParts {
  readonly graphs: FusedSource;
  /** A level's nodes: [K, 2, channels, width], of which [:, 0] draws, or [K, channels, width / 2]. */
  nodes(level: number): Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }>;
}

/** A guide that decides by its form at a level. */
export interface GuideForm {
  /** Its place among the guides of the request. */
  readonly guide: number;
  readonly form: LinearForm;
}

/** A whole descent that forms decide. */
export interface WholeForms {
  /** Of each level, of each guide that has a say there. */
  readonly levels: readonly (readonly GuideForm[])[];
  /** Of the request's guides. */
  readonly weights: readonly number[];
  /** Added to the standardised scores, [L × K]; null: the best are taken. */
  readonly noise: Float32Array | null;
}

/** One descent that was made whole. */
export interface GuidedPath {
  readonly code: Code;
  /** The chosen candidate of every level, [channels, side, side]. */
  readonly images: readonly Float32Array[];
  /** Of each level, of each of its guides, the scores of all candidates. */
  readonly scores: readonly (readonly { readonly guide: number; readonly scores: Float64Array }[])[];
}

export interface LevelRequest {
  readonly level: number;
  readonly rows: number;
  /** Feeds of the level's own graph. */
  readonly inputs: Readonly<Record<string, Tensor<TensorData>>>;
  /** Of each row, of each guide; all rows have the same `key`. */
  readonly forms: readonly (readonly GuideForm[])[];
  /** Of the guides that have forms; null where others or chance have a say too. */
  readonly weights: readonly number[] | null;
}

export class Fused {
  readonly #parts: FusedParts;
  readonly #nodes = new Map<number, Promise<Float32Array>>();

  constructor(parts: FusedParts) {
    this.#parts = parts;
  }

  /** Rows of one run have the same. */
  key(level: number, forms: readonly GuideForm[]): string {
    return forms.map(({ form }) => formKey(form, this.#shapeOf(level, form))).join();
  }

  /** Whole descents of one run have the same. */
  wholeKey({ levels, weights, noise }: WholeForms): string {
    const keys = levels.map((forms, level) => [forms.map(({ guide }) => guide), this.key(level, forms)]);
    return JSON.stringify([weights, noise !== null, keys]);
  }

  /** A run of one level: all but what the prior says of it. */
  async level(request: LevelRequest, buffers: BufferPool): Promise<Omit<UndrawnParts, 'logPrior'>> {
    const { level, rows, inputs, forms, weights } = request;
    const { graphs } = this.#parts;
    const size = graphs.sizes[level] as SourceLevel;
    const guides = (forms[0] ?? []).map(({ form }, place) => ({
      shape: this.#shapeOf(level, form),
      ofRows: forms.map((own) => (own[place] as GuideForm).form),
    }));
    const shapes = guides.map(({ shape }) => shape);
    const isChosen = shapes.length > 0 && weights !== null && weights.every((weight) => weight > 0);
    const feeds = guides.map(({ shape, ofRows }, place) =>
      formFeeds(ofRows, shape, size.side, (part) => formInput(part, place)),
    );
    const into = memoryFor(size, rows, isChosen, buffers);
    const told = [...shapes.flatMap((_, place) => [`shift_${place}`, `rest_${place}`]), ...(isChosen ? ['made'] : [])];
    const nodes = await this.#nodesOf(level);
    const started = performance.now();
    const ran = await graphs
      .level(level, shapes, isChosen)
      .run(
        { ...inputs, ...Object.assign({}, ...feeds), ...(isChosen && shapes.length > 1 && { weights: vector(weights) }) },
        [...Object.keys(into), ...told],
        into,
      );
    const ms = performance.now() - started;
    const { next_features: features, base = zeros([rows, size.channels, size.side, size.side]), chosen } = into;
    return {
      features: features as Tensor,
      base,
      nodes,
      count: size.count,
      forms: guides.map(({ ofRows }, place) => ({
        ofRows,
        shift: ran[`shift_${place}`] as Tensor,
        rest: ran[`rest_${place}`] as Tensor,
      })),
      best: chosen && ran.made ? { pictures: chosen, choices: ran.made } : null,
      draw: graphs.draw,
      owned: [base, ...(chosen ? [chosen] : [])],
      ms,
    };
  }

  /** Whole descents, all with the same `wholeKey`. @param condition the feed of a conditional model, empty otherwise */
  async whole(
    descents: readonly WholeForms[],
    condition: Readonly<Record<string, Tensor<TensorData>>>,
  ): Promise<GuidedPath[]> {
    const { graphs } = this.#parts;
    const [first] = descents as readonly [WholeForms];
    const shapes = first.levels.map((forms, level) =>
      forms.map(({ guide, form }) => ({ guide, shape: this.#shapeOf(level, form) })),
    );
    const isNoisy = first.noise !== null;
    const guides = first.weights.length;
    const shape = { levels: shapes, guides, isNoisy };
    const feeds = {
      ...condition,
      ...this.#wholeFeeds(descents, shapes),
      ...((isNoisy || guides > 1) && { weights: vector(first.weights) }),
      ...(isNoisy && { noise: this.#noise(descents) }),
    };
    const found = await graphs.whole(shape).run(feeds);
    return descents.map((descent, row) => pathOf(descent, row, found, graphs.sizes));
  }

  /** Levels of one side share their form. */
  #wholeFeeds(
    descents: readonly WholeForms[],
    shapes: readonly (readonly { readonly guide: number; readonly shape: FormShape }[])[],
  ): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    for (const [level, own] of shapes.entries()) {
      const { side } = this.#parts.graphs.sizes[level] as SourceLevel;
      for (const [place, { guide, shape }] of own.entries()) {
        if (formInput('target', guide, side) in feeds) continue;
        const forms = descents.map(({ levels }) => (levels[level]?.[place] as GuideForm).form);
        Object.assign(feeds, formFeeds(forms, shape, side, (part) => formInput(part, guide, side)));
      }
    }
    return feeds;
  }

  #noise(descents: readonly WholeForms[]): Tensor {
    const { sizes } = this.#parts.graphs;
    const each = sizes.length * (sizes[0] as SourceLevel).count;
    const data = new Float32Array(descents.length * each);
    for (const [row, { noise }] of descents.entries()) data.set(noise as Float32Array, row * each);
    return { data, dims: [descents.length, sizes.length, (sizes[0] as SourceLevel).count] };
  }

  #shapeOf(level: number, form: LinearForm): FormShape {
    return formShape(form, this.#parts.graphs.sizes[level] as SourceLevel);
  }

  #nodesOf(level: number): Promise<Float32Array> {
    const known = this.#nodes.get(level) ?? this.#parts.nodes(level).then(drawing);
    this.#nodes.set(level, known);
    known.catch(() => this.#nodes.delete(level));
    return known;
  }
}

/** The half of the nodes that draws, where they have two. */
function drawing({ data, dims }: { readonly data: Float32Array; readonly dims: readonly number[] }): Float32Array {
  if (dims.length < 4) return data;
  const [count = 0, halves = 2] = dims;
  const each = data.length / count;
  const half = each / halves;
  const drawn = new Float32Array(count * half);
  for (let k = 0; k < count; k++) drawn.set(data.subarray(k * each, k * each + half), k * half);
  return drawn;
}

/** Where a level's outputs are written. */
function memoryFor(
  { side, channels, features, hasBase }: SourceLevel,
  rows: number,
  isChosen: boolean,
  buffers: BufferPool,
): Record<string, Tensor> {
  const buffer = (dims: readonly number[]) => ({ data: buffers.acquire(sizeOf(dims)), dims });
  const picture = [rows, channels, side, side];
  return {
    next_features: buffer([rows, features, side, side]),
    ...(hasBase && { base: buffer(picture) }),
    ...(isChosen && { chosen: buffer(picture) }),
  };
}

function pathOf(
  { levels }: WholeForms,
  row: number,
  found: Readonly<Record<string, Tensor>>,
  sizes: readonly SourceLevel[],
): GuidedPath {
  const of = (name: string) => rowOf(found[name], name, row);
  const places = new Map<number, { level: number; from: number }>();
  const scores = levels.map((forms, level) =>
    forms.map(({ guide, form }) => {
      const place = places.get(guide) ?? { level: 0, from: 0 };
      places.set(guide, place);
      const { count } = sizes[level] as SourceLevel;
      const rest = of(`rests_${guide}`)[place.level] as number;
      const shifts = of(`shifts_${guide}`).subarray(place.from, place.from + count);
      place.level += 1;
      place.from += count;
      return { guide, scores: Float64Array.from(shifts, (shift) => -form.scale * (rest + shift)) };
    }),
  );
  return { code: [...of('codes')], images: levels.map((_, level) => of(pictureOutput(level))), scores };
}

function rowOf(found: Tensor | undefined, name: string, row: number): Float32Array {
  if (!found) throw new RangeError(`the graph has no output "${name}"`);
  const size = found.data.length / (found.dims[0] as number);
  return found.data.subarray(row * size, (row + 1) * size);
}

function vector(values: readonly number[]): Tensor {
  return { data: Float32Array.from(values), dims: [values.length] };
}

function zeros(dims: readonly number[]): Tensor {
  return { data: new Float32Array(sizeOf(dims)), dims };
}
