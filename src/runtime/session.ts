/** The only file that uses ONNX Runtime: opens graphs, checks inputs, explains failures. */
import { basename } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { KandidError, reasonOf } from '../errors.ts';
import { withoutTelemetry } from '../kit/telemetry.ts';
import { type Tensor, type TensorData, tensor } from '../kit/tensor.ts';
import { preloadCuda } from './cuda/preload.ts';
import { freeMemory } from './free-memory.ts';
import { CPU, providersOf, type SessionDevice } from './session-device.ts';
import { float32Graph, type GraphSource } from './webgpu/float32-graph.ts';
import { checkThread, inTurn } from './webgpu/one-run.ts';

type Runtime = typeof import('onnxruntime-node');

/** An input or output of a graph. */
export interface TensorSpec {
  readonly name: string;
  /** 'float32', 'int64', … */
  readonly type: string;
  /** A string for a free size; empty if the graph does not state them. */
  readonly dims: readonly (number | string)[];
}

export interface SessionOptions {
  /** @default the CPU */
  readonly device?: SessionDevice;
  /** Threads of one run on the CPU. @default one per core */
  readonly threads?: number;
  /** Whether the graph is optimized for speed, which needs memory for all its weights in float32. @default true */
  readonly isOptimized?: boolean;
  /** Folder of the files that a graph given as bytes refers to. @default none: it contains all its weights */
  readonly folder?: string;
}

/** An opened graph. A run blocks the JavaScript thread and cannot be interrupted. */
export interface Session {
  /** File name, for messages. */
  readonly file: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * Runs the graph. Outputs of other types are converted to float32.
   *
   * @param fetches names of the outputs to return. @default all
   * @param into memory that outputs are written into; other outputs are allocated
   * @throws {KandidError} graph_inputs, graph_failed, memory_exhausted
   */
  run(
    feeds: Readonly<Record<string, Tensor<TensorData>>>,
    fetches?: readonly string[],
    into?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>;
  /** Frees the graph; further runs fail. Repeated calls have no effect. */
  release(): Promise<void>;
}

// Custom guides may load it too, after this module.
withoutTelemetry();

let loading: Promise<Runtime> | undefined;

/** @throws {KandidError} library_unavailable */
export function loadRuntime(): Promise<Runtime> {
  loading ??= import('onnxruntime-node').then(quiet, (cause: unknown) => {
    const library = 'onnxruntime-node';
    throw new KandidError('library_unavailable', { library, reason: reasonOf(cause) }, { cause });
  });
  return loading;
}

/** Every failure is thrown as well; without this, ONNX Runtime also prints it to the terminal, in colour. */
function quiet(runtime: Runtime): Runtime {
  runtime.env.logLevel = 'fatal';
  return runtime;
}

/**
 * Opens a graph by path or from bytes; external data is kept out of the JavaScript heap.
 *
 * @throws {KandidError} library_unavailable, graph_unreadable
 */
export async function createSession(
  graph: string | Uint8Array,
  options: SessionOptions = {},
  file = typeof graph === 'string' ? basename(graph) : 'a graph in memory',
): Promise<Session> {
  const runtime = await loadRuntime();
  const { device = CPU, folder } = options;
  try {
    checkProvider(runtime, device);
    const source = await prepared({ graph, folder }, device);
    const settings = settingsFor({ ...options, ...(source.folder === undefined ? {} : { folder: source.folder }) });
    const open = async () =>
      typeof source.graph === 'string'
        ? await runtime.InferenceSession.create(source.graph, settings)
        : await runtime.InferenceSession.create(source.graph, settings);
    const turn = device.kind === 'webgpu' ? inTurn : atOnce;
    return new OpenedSession(file, await turn(open), runtime, turn);
  } catch (cause) {
    throw new KandidError('graph_unreadable', { file, reason: shortReason(cause) }, { cause });
  }
}

/** When runs begin. */
type Turn = <T>(work: () => Promise<T>) => Promise<T>;

const atOnce: Turn = (work) => work();

/** ONNX Runtime would compute on the CPU instead, and only print that. @throws {Error} */
function checkProvider({ listSupportedBackends }: Runtime, { kind }: SessionDevice): void {
  if (listSupportedBackends().some(({ name }) => name === kind)) return;
  throw new Error(`ONNX Runtime has no ${kind} for ${process.platform} on ${process.arch}`);
}

/** What a device needs before a graph is opened on it. */
async function prepared(source: GraphSource, { kind }: SessionDevice): Promise<GraphSource> {
  if (kind === 'cuda') await preloadCuda();
  if (kind !== 'webgpu') return source;
  checkThread();
  return await float32Graph(source);
}

const OWN_WORDS = /CUDA failure \d+: [^;]+|Failed to get a WebGPU .+/;

/** The words of CUDA and WebGPU come after a page of C++. */
function shortReason(cause: unknown): string {
  const own = cause instanceof Error ? OWN_WORDS.exec(cause.message)?.[0] : undefined;
  return own ? own.trim() : reasonOf(cause);
}

/**
 * Spinning is off: each session has its own threads, and those that a bundle's other 39 sessions leave spinning take
 * the cores from the one that runs. Measured on two cores (39 levels, 64 px): opening 0.4 s instead of 1.8, a descent
 * 33 ms instead of 31 on an idle machine, 37 instead of 2,400 beside other load.
 *
 * The memory arena is off: every session would keep its own at its peak size, 39 times a level's candidates in all (1.5
 * GB instead of 0.5 for 16 descents at once).
 */
function settingsFor(options: SessionOptions): InferenceSession.SessionOptions {
  const { device = CPU, threads, isOptimized = true, folder } = options;
  const external = folder === undefined ? {} : { model_external_initializers_file_folder_path: folder };
  return {
    executionProviders: providersOf(device),
    logSeverityLevel: 4,
    enableCpuMemArena: false,
    ...(isOptimized ? {} : { graphOptimizationLevel: 'disabled' as const }),
    extra: { session: { intra_op: { allow_spinning: '0' }, ...external } },
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  };
}

class OpenedSession implements Session {
  readonly file: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly #session: InferenceSession;
  readonly #runtime: Runtime;
  readonly #turn: Turn;
  #released = false;

  constructor(file: string, session: InferenceSession, runtime: Runtime, turn: Turn) {
    this.file = file;
    this.#turn = turn;
    this.#session = session;
    this.#runtime = runtime;
    this.inputs = session.inputMetadata.map(specOf);
    this.outputs = session.outputMetadata.map(specOf);
  }

  async run(
    feeds: Readonly<Record<string, Tensor<TensorData>>>,
    fetches: readonly string[] = this.#session.outputNames,
    into: Readonly<Record<string, Tensor>> = {},
  ) {
    if (this.#released) throw new KandidError('closed', { when: `before ${this.file} was to run` });
    this.#check(feeds);
    const inputs = Object.entries(feeds).map(([name, { data, dims }]) => [name, this.#wrap(data, dims)] as const);
    const outputs = fetches.map((name) => {
      const own = into[name];
      return [name, own ? this.#wrap(own.data, own.dims) : null] as const;
    });
    let results: InferenceSession.ReturnType;
    try {
      results = await this.#turn(() => this.#session.run(Object.fromEntries(inputs), Object.fromEntries(outputs)));
    } catch (cause) {
      throw this.#failure(feeds, cause);
    }
    return Object.fromEntries(
      Object.entries(results).map(([name, value]) => [name, this.#taken(name, value, into[name])]),
    );
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#turn(() => this.#session.release());
  }

  #check(feeds: Readonly<Record<string, Tensor<TensorData>>>): void {
    const refuse = (input: string, got: string, expected: string) =>
      new KandidError('graph_inputs', { file: this.file, input, got, expected });
    for (const spec of this.inputs) {
      const fed = feeds[spec.name];
      if (!fed) throw refuse(spec.name, 'missing', describe(spec));
      if (!fits(fed, spec)) throw refuse(spec.name, describe({ ...fed, type: typeOf(fed) }), describe(spec));
    }
    const names = this.inputs.map(({ name }) => name);
    const unknown = Object.keys(feeds).find((name) => !names.includes(name));
    if (unknown !== undefined) throw refuse(unknown, 'not an input of this graph', `one of ${names.join(', ')}`);
  }

  #wrap(data: TensorData, dims: readonly number[]) {
    return data instanceof Float32Array
      ? new this.#runtime.Tensor('float32', data, dims)
      : new this.#runtime.Tensor('int64', data, dims);
  }

  #taken(name: string, value: InferenceSession.ReturnType[string], own: Tensor | undefined): Tensor {
    if (!own) return this.#unwrap(name, value);
    const { buffer } = value.data as Float32Array;
    // ONNX Runtime copies outputs written into given memory once more, into new memory: left to the garbage collector,
    // that is 25 MB of fresh pages per run (8 descents, 64 px: 15.5 ms per run instead of 9.5).
    if (buffer instanceof ArrayBuffer && buffer !== own.data.buffer) freeMemory(buffer);
    return own;
  }

  #unwrap(name: string, { data, type, dims }: InferenceSession.ReturnType[string]): Tensor {
    if (data instanceof Float32Array) return tensor(data, dims);
    if (type === 'string' || type === 'float16')
      throw new KandidError('graph_failed', {
        file: this.file,
        shapes: 'its inputs',
        reason: `output ${name} is ${type}, which Kandid does not take: export it as float32`,
      });
    return tensor(Float32Array.from(data as ArrayLike<number | bigint>, Number), dims);
  }

  #failure(feeds: Readonly<Record<string, Tensor<TensorData>>>, cause: unknown): KandidError {
    const shapes = Object.entries(feeds).map(([name, fed]) => `${name} ${describe({ ...fed, type: typeOf(fed) })}`);
    const reason = shortReason(cause);
    if (/alloc|out of memory/i.test(reason))
      return new KandidError('memory_exhausted', { doing: `running ${this.file} on ${shapes.join(', ')}` }, { cause });
    return new KandidError('graph_failed', { file: this.file, shapes: shapes.join(', '), reason }, { cause });
  }
}

function specOf(metadata: InferenceSession.ValueMetadata): TensorSpec {
  const { name } = metadata;
  return metadata.isTensor ? { name, type: metadata.type, dims: metadata.shape } : { name, type: 'none', dims: [] };
}

function typeOf({ data }: Tensor<TensorData>): string {
  return data instanceof Float32Array ? 'float32' : 'int64';
}

function fits(fed: Tensor<TensorData>, { type, dims }: TensorSpec): boolean {
  if (typeOf(fed) !== type) return false;
  if (dims.length === 0) return true;
  return (
    dims.length === fed.dims.length && dims.every((dim, axis) => typeof dim === 'string' || dim === fed.dims[axis])
  );
}

function describe({ type, dims }: { type: string; dims: readonly (number | string)[] }): string {
  return `${type} [${dims.join(', ')}]`;
}
