/** Runs the fused graphs (src/runtime/fused/), which score candidates without drawing them: one level, or a span of levels. */
import type { Code } from '../../contract/codes.ts';
import type { LinearForm } from '../../guide.ts';
import { sizeOf, type Tensor, type TensorData } from '../../kit/tensor.ts';
import { type FormShape, formInput, formShape } from '../../runtime/fused/form-nodes.ts';
import type { SourceLevel } from '../../runtime/fused/level-graph.ts';
import type { SpanShape } from '../../runtime/fused/span-graph.ts';
import type { BufferPool } from './buffer-pool.ts';
import { formFeeds, formKey } from './form-feeds.ts';
import type { Graph } from './graph.ts';
import type { UndrawnParts } from './undrawn.ts';

/** The fused graphs of a bundle. */
export interface FusedSource {
  readonly sizes: readonly SourceLevel[];
  readonly draw: Graph;
  level(index: number, shapes: readonly FormShape[], isChosen: boolean): Graph;
  span(shape: SpanShape): Graph;
}

export interface FusedParts {
  readonly graphs: FusedSource;
  /** A level's nodes: [K, 2, channels, width], of which [:, 0] draws, or [K, channels, width / 2]. */
  nodes(level: number): Promise<{ readonly data: Float32Array; readonly dims: readonly number[] }>;
}

/** The quadratic form of a guide at a level. */
export interface GuideForm {
  /** Index of the guide in the request. */
  readonly guide: number;
  readonly form: LinearForm;
}

/** The forms that decide a span: consecutive levels that are chosen in one run. */
export interface SpanForms {
  /** The first level. */
  readonly first: number;
  /** Per level, the forms of its active guides. */
  readonly levels: readonly (readonly GuideForm[])[];
  /** Per guide of the request. */
  readonly weights: readonly number[];
  /** Whether noise is added to the scores. */
  readonly isNoisy: boolean;
}

/** A row of a span's run. */
export interface SpanRow {
  readonly forms: SpanForms;
  /** Added to the standardised scores, [levels × K]; null without noise. */
  readonly noise: Float32Array | null;
}

/** The choices of a row. */
export interface SpanPath {
  /** One choice per level of the span. */
  readonly code: Code;
  /** The chosen candidate of every level, [channels, side, side]. */
  readonly images: readonly Float32Array[];
  /** Per level, per active guide: the scores of all candidates, [K]. */
  readonly scores: readonly (readonly { readonly guide: number; readonly scores: Float64Array }[])[];
}

export interface SpanRun {
  readonly paths: readonly SpanPath[];
  /** Features after the last level, [rows, width, side, side]. */
  readonly features: Tensor;
  /** Duration of the run. */
  readonly ms: number;
}

export interface LevelRequest {
  readonly level: number;
  readonly rows: number;
  /** Feeds of the level's own graph. */
  readonly inputs: Readonly<Record<string, Tensor<TensorData>>>;
  /** Per row, the forms of its guides; all rows with equal `key`s. */
  readonly forms: readonly (readonly GuideForm[])[];
  /** Weights of these guides, if the choice is the best candidate by their forms; otherwise null. */
  readonly weights: readonly number[] | null;
}

export class Fused {
  readonly #parts: FusedParts;
  readonly #nodes = new Map<number, Promise<Float32Array>>();

  constructor(parts: FusedParts) {
    this.#parts = parts;
  }

  /** Rows with equal keys can share a run of one level. */
  key(level: number, forms: readonly GuideForm[]): string {
    return forms.map(({ form }) => formKey(form, this.#shapeOf(level, form))).join();
  }

  /** Rows with equal keys can share a run of a span. */
  spanKey({ first, levels, weights, isNoisy }: SpanForms): string {
    const keys = levels.map((forms, place) => [forms.map(({ guide }) => guide), this.key(first + place, forms)]);
    return JSON.stringify([first, weights, isNoisy, keys]);
  }

  /** Runs one level, without the prior. */
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
    const outputs = [
      ...shapes.flatMap((_, place) => [`shift_${place}`, `rest_${place}`]),
      ...(isChosen ? ['made'] : []),
    ];
    const nodes = await this.#nodesOf(level);
    const started = performance.now();
    const found = await graphs.level(level, shapes, isChosen).run(
      {
        ...inputs,
        ...Object.assign({}, ...feeds),
        ...(isChosen && shapes.length > 1 && { weights: vector(weights) }),
      },
      [...Object.keys(into), ...outputs],
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
        shift: found[`shift_${place}`] as Tensor,
        rest: found[`rest_${place}`] as Tensor,
      })),
      best: chosen && found.made ? { pictures: chosen, choices: found.made } : null,
      draw: graphs.draw,
      owned: [base, ...(chosen ? [chosen] : [])],
      ms,
    };
  }

  /**
   * Runs the levels of a span.
   *
   * @param rows with equal `spanKey`s
   * @param inputs of the graph of the first level
   */
  async span(
    rows: readonly SpanRow[],
    inputs: Readonly<Record<string, Tensor<TensorData>>>,
    buffers: BufferPool,
  ): Promise<SpanRun> {
    const { graphs } = this.#parts;
    const [{ forms: shared }] = rows as readonly [SpanRow];
    const { first, weights, isNoisy } = shared;
    const { side, features: width, count } = graphs.sizes[first] as SourceLevel;
    const levels = shared.levels.map((forms, place) =>
      forms.map(({ guide, form }) => ({ guide, shape: this.#shapeOf(first + place, form) })),
    );
    const guides = weights.length;
    const dims = [rows.length, width, side, side];
    const into = { next_features: { data: buffers.acquire(sizeOf(dims)), dims } };
    const outputs = [...new Set(levels.flat().map(({ guide }) => guide))].flatMap((guide) => [
      `shifts_${guide}`,
      `rests_${guide}`,
    ]);
    const feeds = {
      ...inputs,
      ...spanFeeds(rows, levels, side),
      ...((isNoisy || guides > 1) && { weights: vector(weights) }),
      ...(isNoisy && { noise: noiseOf(rows, [levels.length, count]) }),
    };
    const started = performance.now();
    const found = await graphs
      .span({ first, levels, guides, isNoisy })
      .run(feeds, ['codes', 'next_features', 'pictures', ...outputs], into);
    const ms = performance.now() - started;
    return { paths: rows.map(({ forms }, row) => pathOf(forms, row, found, count)), features: into.next_features, ms };
  }

  #shapeOf(level: number, form: LinearForm): FormShape {
    return formShape(form, this.#parts.graphs.sizes[level] as SourceLevel);
  }

  #nodesOf(level: number): Promise<Float32Array> {
    const known = this.#nodes.get(level) ?? this.#parts.nodes(level).then(drawingHalf);
    this.#nodes.set(level, known);
    known.catch(() => this.#nodes.delete(level));
    return known;
  }
}

/** The half of the nodes that draws candidates, [K, channels, width]. */
function drawingHalf({ data, dims }: { readonly data: Float32Array; readonly dims: readonly number[] }): Float32Array {
  if (dims.length < 4) return data;
  const [count = 0, halves = 2] = dims;
  const each = data.length / count;
  const half = each / halves;
  const drawn = new Float32Array(count * half);
  for (let k = 0; k < count; k++) drawn.set(data.subarray(k * each, k * each + half), k * half);
  return drawn;
}

/** Memory for a level's outputs, by name. */
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

/** Each guide's form once, since the levels of a span share it. */
function spanFeeds(
  rows: readonly SpanRow[],
  levels: readonly (readonly { readonly guide: number; readonly shape: FormShape }[])[],
  side: number,
): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const [level, own] of levels.entries())
    for (const [place, { guide, shape }] of own.entries()) {
      if (formInput('target', guide) in feeds) continue;
      const forms = rows.map((row) => formAt(row.forms, level, place));
      Object.assign(
        feeds,
        formFeeds(forms, shape, side, (part) => formInput(part, guide)),
      );
    }
  return feeds;
}

function noiseOf(rows: readonly SpanRow[], dims: readonly number[]): Tensor {
  const each = sizeOf(dims);
  const data = new Float32Array(rows.length * each);
  for (const [row, { noise }] of rows.entries()) data.set(noise as Float32Array, row * each);
  return { data, dims: [rows.length, ...dims] };
}

function pathOf({ levels }: SpanForms, row: number, found: Readonly<Record<string, Tensor>>, count: number): SpanPath {
  const output = (name: string) => rowOf(found[name], name, row);
  const places = new Map<number, number>();
  const scores = levels.map((forms) =>
    forms.map(({ guide, form }) => {
      const place = places.get(guide) ?? 0;
      places.set(guide, place + 1);
      const rest = output(`rests_${guide}`)[place] as number;
      const shifts = output(`shifts_${guide}`).subarray(place * count, (place + 1) * count);
      return { guide, scores: Float64Array.from(shifts, (shift) => -form.scale * (rest + shift)) };
    }),
  );
  const pictures = output('pictures');
  const size = pictures.length / levels.length;
  const images = levels.map((_, place) => pictures.subarray(place * size, (place + 1) * size));
  return { code: [...output('codes')], images, scores };
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

function formAt({ levels }: SpanForms, level: number, place: number): LinearForm {
  const found = levels[level]?.[place];
  if (!found) throw new RangeError(`no form ${place} at level ${level} of ${levels.length}`);
  return found.form;
}
