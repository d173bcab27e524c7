/**
 * Graphs that choose without drawing, assembled from decode.onnx on first use: scores by quadratic forms replace the
 * choices that it takes as input.
 */
import { LazySession, type Runnable } from '../lazy-session.ts';
import type { GraphParts, StoredGraph } from '../onnx/graph-parts.ts';
import { encodeModel, OPSET } from '../onnx/messages.ts';
import type { Session } from '../session.ts';
import { choicePoints } from './choice-points.ts';
import { drawGraph } from './draw-graph.ts';
import type { FormShape } from './form-nodes.ts';
import { levelGraph, type Source, type SourceLevel } from './level-graph.ts';
import { type SpanShape, spanGraph } from './span-graph.ts';
import { type Convolution, convolutionsOf } from './work.ts';

/** Facts about a level that the graphs do not contain. */
export interface LevelAbout {
  readonly side: number;
  readonly candidates: number;
  /** Number of its features. */
  readonly width: number;
}

export interface FusedOptions {
  readonly levels: readonly LevelAbout[];
  readonly channels: number;
  /** decode.onnx */
  readonly decode: StoredGraph;
  /** Opens a graph that refers to the weights of the bundle. */
  open(graph: Uint8Array, name: string): Promise<Session>;
  /** Number of kinds of forms whose graphs are kept: each kind holds the weights once by level, and once by side. */
  readonly kept: number;
}

export class FusedGraphs {
  /** Sizes for drawing candidates, by level. */
  readonly sizes: readonly SourceLevel[];
  readonly #options: FusedOptions;
  readonly #source: Source;
  readonly #draw: LazySession;
  /** Ordered by last use, the most recent last. */
  readonly #levels = new Map<string, LazySession>();
  readonly #spans = new Map<string, LazySession>();

  /** Null if the structure of decode.onnx is unknown: then only the step path is available. */
  static of(options: FusedOptions): FusedGraphs | null {
    const source = sourceOf(options.decode, options);
    return source && new FusedGraphs(options, source);
  }

  private constructor(options: FusedOptions, source: Source) {
    this.#options = options;
    this.#source = source;
    this.sizes = source.levels;
    this.#draw = this.#lazy('draw', () => drawGraph(options.channels));
  }

  /** See `levelGraph`. */
  level(index: number, shapes: readonly FormShape[], isChosen: boolean): Runnable {
    const key = JSON.stringify([index, isChosen, shapes]);
    const most = this.#options.kept * this.sizes.length;
    return this.#kept(this.#levels, key, most, `level ${index}`, () =>
      levelGraph(this.#source, index, shapes, isChosen),
    );
  }

  /** See `spanGraph`. */
  span(shape: SpanShape): Runnable {
    const sides = new Set(this.sizes.map(({ side }) => side)).size;
    return this.#kept(
      this.#spans,
      JSON.stringify(shape),
      this.#options.kept * sides,
      `levels of ${this.sizes[shape.first]?.side} px`,
      () => spanGraph(this.#source, shape),
    );
  }

  /** See `drawGraph`. */
  get draw(): Runnable {
    return this.#draw;
  }

  /** Convolutions of each level. */
  get convolutions(): Convolution[][] {
    return convolutionsOf(this.#source);
  }

  async release(): Promise<void> {
    for (const session of [...this.#levels.values(), ...this.#spans.values(), this.#draw]) await session.release();
  }

  #kept(sessions: Map<string, LazySession>, key: string, most: number, name: string, make: () => GraphParts): Runnable {
    const session = sessions.get(key) ?? this.#lazy(name, make);
    sessions.delete(key);
    sessions.set(key, session);
    const [oldest] = sessions;
    if (sessions.size > most && oldest) {
      sessions.delete(oldest[0]);
      oldest[1].release().catch(() => {});
    }
    return session;
  }

  #lazy(name: string, make: () => GraphParts): LazySession {
    return new LazySession(name, () => this.#options.open(encodeModel(make()), name));
  }
}

function sourceOf(graph: StoredGraph, { levels, channels }: FusedOptions): Source | null {
  const points = choicePoints(graph, levels.length);
  if (!points || graph.opset !== OPSET) return null;
  return {
    graph,
    points,
    levels: points.map(({ tensor, predict }, index): SourceLevel => {
      const { side, candidates, width } = levels[index] as LevelAbout;
      const drawing = tensor.dims.at(-1) ?? width;
      return {
        side,
        channels,
        count: candidates,
        features: width,
        width: drawing,
        hasBase: predict !== null,
        tensor: tensor.name,
      };
    }),
  };
}
