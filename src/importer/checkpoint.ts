/**
 * Reads a published checkpoint of a Discrete Distribution Network: its levels, and the locations of their weights in
 * the file.
 */
import { ByteSource } from './pickle/byte-source.ts';
import { CHECKPOINT_DIALECT } from './pickle/checkpoint-dialect.ts';
import { unpickle } from './pickle/machine.ts';
import { ModuleNode } from './pickle/node.ts';
import { CheckpointProblem } from './pickle/problem.ts';
import { allFloats, type StoredFloats } from './pickle/tensor.ts';
import { kindOf } from './pickle/values.ts';

export interface Norm {
  readonly groups: number;
  readonly epsilon: number;
  /** [width] */
  readonly weight: StoredFloats;
  readonly bias: StoredFloats;
}

export interface Convolution {
  /** [out, in, size, size] */
  readonly weight: StoredFloats;
  readonly bias: StoredFloats;
}

/** One block and its output layer. */
export interface CheckpointLevel {
  /** Side of its pictures and features, in pixels. */
  readonly side: number;
  /** K */
  readonly candidates: number;
  /** Number of input and output feature channels. */
  readonly widthIn: number;
  readonly width: number;
  /** Whether it doubles the side. */
  readonly isUp: boolean;
  readonly norms: readonly [Norm, Norm];
  readonly convolutions: readonly [Convolution, Convolution];
  /** 1×1; null if features are passed on unchanged. */
  readonly skip: Convolution | null;
  /** [3 K, width / 2, 1, 1]: rows 3k to 3k + 2 draw red, green and blue of candidate k. */
  readonly nodes: StoredFloats;
}

/** Value added to the features before level 0: (−1, 0, 1), or nothing. */
export type Start = 'ramp' | 'zeros';

export interface Checkpoint {
  readonly levels: readonly CheckpointLevel[];
  readonly start: Start;
  /** `color`: the condition is the channel mean of a picture. */
  readonly condition: 'color' | null;
  /** Path of the training data set, if the file states it. */
  readonly dataset: string | null;
}

const MAX_LEVELS = 256;
const LARGEST_SIDE = 1024;
const MAX_CHANNELS = 4096;
const MAX_CANDIDATES = 4096;
const CHANNELS = 3;

/**
 * Reads a checkpoint. Nothing in the file is executed, and no weights are read except a few that are checked.
 *
 * @param file descriptor, open for reading
 * @param bytes its size
 * @throws {CheckpointProblem}
 */
export function readCheckpoint(file: number, bytes: number): Checkpoint {
  const source = new ByteSource(file, 0, bytes);
  refuseOtherFormats(source);
  const top = unpickle(source, CHECKPOINT_DIALECT);
  if (source.left > 0) throw new CheckpointProblem(`${source.left} bytes follow its end`);
  if (!(top instanceof Map)) throw new CheckpointProblem(`it holds ${kindOf(top)}, expected a dict with "ema"`);
  const model = new ModuleNode(top.get('ema'), 'ema').part('model');
  refuseUnpublished(model);
  const names = model.texts('module_names', MAX_LEVELS);
  const levels: CheckpointLevel[] = [];
  for (const name of names) levels.push(readLevel(model.part(name), levels.at(-1) ?? null, file));
  if (levels.length === 0) throw new CheckpointProblem('its network has no levels');
  const dataset = top.get('dataset_kwargs');
  const path = dataset instanceof Map ? dataset.get('path') : null;
  return {
    levels,
    start: startOf(model.source),
    condition: conditionOf(model),
    dataset: typeof path === 'string' ? path.slice(0, 300) : null,
  };
}

function refuseOtherFormats(source: ByteSource): void {
  const head = source.part(0, source.left).bytes(Math.min(4, source.left));
  if (head.subarray(0, 2).toString('latin1') === 'PK')
    throw new CheckpointProblem('it is a ZIP archive, expected the pickle itself');
  if (head[0] === 0x1f && head[1] === 0x8b)
    throw new CheckpointProblem('it is compressed by gzip, expected the pickle itself');
  if (head[0] === 0x3c) throw new CheckpointProblem('it is a web page, expected the pickle itself: download it again');
}

function refuseUnpublished(model: ModuleNode): void {
  model.expectOff('refiner_repeatn');
  model.expectOff('scale_to_repeatn');
}

/** Determined from the source code stored with the network, read as text: a later version of it starts with zeros. */
function startOf(source: string): Start {
  const code = source.replace(/#.*/g, '');
  return code.includes('build_init_feature') ? 'zeros' : 'ramp';
}

function conditionOf(model: ModuleNode): Checkpoint['condition'] {
  if (!model.has('condition_process')) return null;
  const kind = model.part('condition_process').field('condition_type');
  if (kind === 'color') return 'color';
  throw new CheckpointProblem(
    `its network is given the condition ${typeof kind === 'string' ? `"${kind.slice(0, 40)}"` : kindOf(kind)}; only "color" is known`,
  );
}

function readLevel(node: ModuleNode, before: CheckpointLevel | null, file: number): CheckpointLevel {
  const refuse = (problem: string) => new CheckpointProblem(`${node.path} ${problem}`);
  const block = node.part('block');
  const output = node.part('ddo');
  checkBlock(block, file);
  checkOutput(output);
  const isUp = Boolean(block.part('conv0').field('up'));
  const side = output.integer('size', 1, LARGEST_SIDE);
  const expected = before ? before.side * (isUp ? 2 : 1) : 1;
  if (side !== expected || (isUp && !before)) throw refuse(`has ${side} px, expected ${expected}`);
  const [width = 0, widthIn = 0] = block.part('conv0').tensorOrNull('weight')?.shape ?? [];
  if (width < 8 || width > MAX_CHANNELS || width % 2 === 1)
    throw refuse(`has ${width} channels, expected 8 to ${MAX_CHANNELS}`);
  if (widthIn !== (before?.width ?? width))
    throw refuse(`takes ${widthIn} channels, expected ${before?.width ?? width}`);
  const candidates = output.integer('k', 2, MAX_CANDIDATES);
  if (isUp) for (const part of ['conv0', 'skip']) checkFilter(block, part, file);
  return {
    side,
    candidates,
    width,
    widthIn,
    isUp,
    norms: [normOf(block.part('norm0'), widthIn), normOf(block.part('norm1'), width)],
    convolutions: [
      convolutionOf(block.part('conv0'), width, widthIn, 3),
      convolutionOf(block.part('conv1'), width, width, 3),
    ],
    skip: skipOf(block, width, widthIn),
    nodes: output.part('multi_out_conv1x1').tensor('weight', [CHANNELS * candidates, width / 2, 1, 1]),
  };
}

function checkBlock(block: ModuleNode, file: number): void {
  block.expectOff('num_heads');
  block.expectOff('dropout');
  const known = ['norm0', 'norm1', 'conv0', 'conv1', 'skip'];
  const other = block.parts.find((name) => !known.includes(name));
  if (other)
    throw new CheckpointProblem(`${block.path} has the part ${other.slice(0, 100)}, which no published checkpoint has`);
  const scale = block.double('skip_scale', file);
  if (!(Math.abs(scale - Math.SQRT1_2) < 1e-9))
    throw new CheckpointProblem(`${block.path}.skip_scale is ${scale}, expected ${Math.SQRT1_2}`);
}

function checkOutput(output: ModuleNode): void {
  const other = ['choice_conv1x1', 'leak_conv1x1', 'adapt_conv'].find((name) => output.has(name));
  const nested = output.part('multi_out_conv1x1').has('conv1x1') ? 'conv1x1' : undefined;
  if (other ?? nested)
    throw new CheckpointProblem(`${output.path} has the part ${other ?? nested}, which no published checkpoint has`);
  if (output.field('leak_choice') !== true)
    throw new CheckpointProblem(`${output.path} passes no leak on, which no published checkpoint does`);
}

/** Enlarging with this filter is equivalent to repeating every pixel. */
function checkFilter(block: ModuleNode, part: string, file: number): void {
  if (part === 'skip' && !block.has('skip')) return;
  const filter = block.part(part).tensorOrNull('resample_filter');
  const taps = filter?.count === 4 ? allFloats(file, filter) : [];
  if (taps.length !== 4 || taps.some((tap) => tap !== 0.25))
    throw new CheckpointProblem(`${block.path}.${part} enlarges by another filter than 2×2 equal taps`);
}

function normOf(node: ModuleNode, width: number): Norm {
  const groups = node.integer('num_groups', 1, width);
  if (width % groups !== 0) throw new CheckpointProblem(`${node.path} has ${groups} groups for ${width} channels`);
  const epsilon = node.field('eps');
  if (typeof epsilon !== 'number' || !(epsilon > 0 && epsilon < 1))
    throw new CheckpointProblem(`${node.path}.eps is ${kindOf(epsilon)}, expected a small number`);
  return { groups, epsilon, weight: node.tensor('weight', [width]), bias: node.tensor('bias', [width]) };
}

function convolutionOf(node: ModuleNode, out: number, into: number, size: number): Convolution {
  return { weight: node.tensor('weight', [out, into, size, size]), bias: node.tensor('bias', [out]) };
}

function skipOf(block: ModuleNode, width: number, widthIn: number): Convolution | null {
  const hasWeights = block.has('skip') && block.part('skip').tensorOrNull('weight') !== null;
  if (hasWeights) return convolutionOf(block.part('skip'), width, widthIn, 1);
  if (width !== widthIn) throw new CheckpointProblem(`${block.path}.skip is missing where the channels change`);
  return null;
}
