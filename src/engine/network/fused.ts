/** Runs the graphs that choose without drawing (src/runtime/fused/): a level, or several that forms alone decide. */
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

/** What is needed of a bundle's fused graphs. */
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

/** A guide that decides by its form at a level. */
export interface GuideForm {
  /** Its place among the guides of the request. */
  readonly guide: number;
  readonly form: LinearForm;
}

/** What decides levels that are chosen in one run. */
export interface SpanForms {
  /** The first of them. */
  readonly first: number;
  /** Of each level, of each guide that has a say there. */
  readonly levels: readonly (readonly GuideForm[])[];
  /** Of the request's guides. */
  readonly weights: readonly number[];
  /** Whether chance has a say too. */
  readonly isNoisy: boolean;
}

/** A row of such a run. */
export interface SpanRow {
  readonly forms: SpanForms;
  /** Added to the standardised scores, [levels × K]; null where chance has no say. */
  readonly noise: Float32Array | null;
}

/** What became of a row. */
export interface SpanPath {
  /** The choices. */
  readonly code: Code;
  /** The chosen candidate of every level, [channels, side, side]. */
  readonly images: readonly Float32Array[];
  /** Of each level, of each of its guides, the scores of all candidates. */
  readonly scores: readonly (readonly { readonly guide: number; readonly scores: Float64Array }[])[];
}

export interface SpanRun {
  readonly paths: readonly SpanPath[];
  /** Of the last level, [rows, width, side, side]. */
  readonly features: Tensor;
  readonly ms: number;
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

  /** Rows of one run of several levels have the same. */
  spanKey({ first, levels, weights, isNoisy }: SpanForms): string {
    const keys = levels.map((forms, place) => [forms.map(({ guide }) => guide), this.key(first + place, forms)]);
    return JSON.stringify([first, weights, isNoisy, keys]);
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
    const ran = await graphs.level(level, shapes, isChosen).run(
      {
        ...inputs,
        ...Object.assign({}, ...feeds),
        ...(isChosen && shapes.length > 1 && { weights: vector(weights) }),
      },
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

  /**
   * A run of several levels of one side, of rows with the same `spanKey`.
   *
   * @param inputs of the graph of the first of them
   */
  async span(
    rows: readonly SpanRow[],
    inputs: Readonly<Record<string, Tensor<TensorData>>>,
    buffers: BufferPool,
  ): Promise<SpanRun> {
    const { graphs } = this.#parts;
    const [{ forms: one }] = rows as readonly [SpanRow];
    const { first, weights, isNoisy } = one;
    const { side, features: width, count } = graphs.sizes[first] as SourceLevel;
    const levels = one.levels.map((forms, place) =>
      forms.map(({ guide, form }) => ({ guide, shape: this.#shapeOf(first + place, form) })),
    );
    const guides = weights.length;
    const dims = [rows.length, width, side, side];
    const into = { next_features: { data: buffers.acquire(sizeOf(dims)), dims } };
    const told = [...new Set(levels.flat().map(({ guide }) => guide))].flatMap((guide) => [
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
      .run(feeds, ['codes', 'next_features', 'pictures', ...told], into);
    const ms = performance.now() - started;
    return { paths: rows.map(({ forms }, row) => pathOf(forms, row, found, count)), features: into.next_features, ms };
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

/** Of each guide once: levels of one side share its form. */
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
  const of = (name: string) => rowOf(found[name], name, row);
  const places = new Map<number, number>();
  const scores = levels.map((forms) =>
    forms.map(({ guide, form }) => {
      const place = places.get(guide) ?? 0;
      places.set(guide, place + 1);
      const rest = of(`rests_${guide}`)[place] as number;
      const shifts = of(`shifts_${guide}`).subarray(place * count, (place + 1) * count);
      return { guide, scores: Float64Array.from(shifts, (shift) => -form.scale * (rest + shift)) };
    }),
  );
  const pictures = of('pictures');
  const size = pictures.length / levels.length;
  const images = levels.map((_, place) => pictures.subarray(place * size, (place + 1) * size));
  return { code: [...of('codes')], images, scores };
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
