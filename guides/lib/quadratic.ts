/**
 * Quadratic scores. A guide of this kind is defined by its LinearForm alone: what `linear` publishes and what `score`
 * computes on drawn candidates come from the same numbers, so that the two cannot disagree.
 */
import type { Candidates, Guide, LevelInfo, LinearForm, Preferences } from '../../src/guide.ts';
import { type Axis, axisOf, mixRows } from '../../src/kit/resample.ts';

/** 'l2': squared differences, as in the LinearForm; 'l1': absolute ones, which cannot be computed from a Gram matrix. */
export type Metric = 'l1' | 'l2';

interface Operator {
  readonly form: LinearForm;
  readonly rows: Axis | null;
  readonly columns: Axis | null;
}

function operatorOf(form: LinearForm, side: number): Operator {
  return {
    form,
    rows: form.rows ? axisOf(form.rows, form.height, side) : null,
    columns: form.columns ? axisOf(form.columns, form.width, side) : null,
  };
}

/** Channel `out` of M·x as a plane: the data itself where M is the identity, mixed into `plane` otherwise. */
function colored(candidates: Candidates, offset: number, form: LinearForm, out: number, plane: Float64Array): number {
  const size = candidates.side * candidates.side;
  if (!form.color) return offset + out * size;
  for (let channel = 0; channel < candidates.channels; channel++) {
    const weight = form.color[out * candidates.channels + channel] as number;
    const from = offset + channel * size;
    if (channel === 0) for (let p = 0; p < size; p++) plane[p] = weight * (candidates.data[from + p] as number);
    else
      for (let p = 0; p < size; p++) plane[p] = (plane[p] as number) + weight * (candidates.data[from + p] as number);
  }
  return 0;
}

/** Weighted distance of one row of the resampled plane to the target's row. */
function rowDistance(
  line: Float32Array | Float64Array,
  at: number,
  operator: Operator,
  row: number,
  target: number,
  metric: Metric,
): number {
  const { form, columns } = operator;
  const weightRow = row * form.width;
  let sum = 0;
  for (let j = 0; j < form.width; j++) {
    let value = 0;
    if (columns === null) value = line[at + j] as number;
    else {
      const first = at + (columns.start[j] as number);
      const base = j * columns.taps;
      for (let t = 0; t < columns.taps; t++)
        value += (columns.weights[base + t] as number) * (line[first + t] as number);
    }
    const difference = value - (form.target[target + j] as number);
    const distance = metric === 'l2' ? difference * difference : Math.abs(difference);
    sum += form.weight ? distance * (form.weight[weightRow + j] as number) : distance;
  }
  return sum;
}

/** Plain squared or absolute difference of two runs of numbers: the common case with no operators and no weights. */
function plainDistance(
  data: Float32Array | Float64Array,
  at: number,
  target: Float32Array,
  from: number,
  length: number,
  metric: Metric,
): number {
  if (metric === 'l2') return squaredDistance(data, at, target, from, length);
  let sum = 0;
  for (let p = 0; p < length; p++) sum += Math.abs((data[at + p] as number) - (target[from + p] as number));
  return sum;
}

/** Four independent sums, so that additions overlap: half the time. */
function squaredDistance(
  data: Float32Array | Float64Array,
  at: number,
  target: Float32Array,
  from: number,
  length: number,
): number {
  const whole = length - (length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let p = 0; p < whole; p += 4) {
    const first = (data[at + p] as number) - (target[from + p] as number);
    const second = (data[at + p + 1] as number) - (target[from + p + 1] as number);
    const third = (data[at + p + 2] as number) - (target[from + p + 2] as number);
    const fourth = (data[at + p + 3] as number) - (target[from + p + 3] as number);
    a += first * first;
    b += second * second;
    c += third * third;
    d += fourth * fourth;
  }
  for (let p = whole; p < length; p++) a += ((data[at + p] as number) - (target[from + p] as number)) ** 2;
  return a + b + c + d;
}

function planeDistance(
  plane: Float32Array | Float64Array,
  offset: number,
  operator: Operator,
  out: number,
  side: number,
  metric: Metric,
  line: Float64Array,
): number {
  const { form, rows, columns } = operator;
  const size = form.height * form.width;
  if (rows === null && columns === null && !form.weight)
    return plainDistance(plane, offset, form.target, out * size, size, metric);
  let sum = 0;
  for (let i = 0; i < form.height; i++) {
    const target = out * size + i * form.width;
    if (rows === null) sum += rowDistance(plane, offset + i * side, operator, i, target, metric);
    else {
      mixRows(plane, offset, side, rows, i, line);
      sum += rowDistance(line, 0, operator, i, target, metric);
    }
  }
  return sum;
}

function operatorScores(candidates: Candidates, operator: Operator, metric: Metric): Float32Array {
  const { batch, count, channels, side, data } = candidates;
  const { form } = operator;
  const plane = new Float64Array(form.color ? side * side : 0);
  const line = new Float64Array(side);
  const scores = new Float32Array(batch * count);
  for (let n = 0; n < scores.length; n++) {
    const offset = n * channels * side * side;
    let sum = 0;
    for (let out = 0; out < form.outChannels; out++) {
      const at = colored(candidates, offset, form, out, plane);
      sum += planeDistance(form.color ? plane : data, at, operator, out, side, metric, line);
    }
    scores[n] = -form.scale * sum;
  }
  return scores;
}

/** Scores drawn candidates by a quadratic form; with 'l1' by absolute differences under the same operators. */
export function formScores(candidates: Candidates, form: LinearForm, metric: Metric = 'l2'): Float32Array {
  return operatorScores(candidates, operatorOf(form, candidates.side), metric);
}

/** A guide that is a quadratic form at each side: `formAt` is called once per side and its result cached. */
export function quadraticGuide(
  formAt: (side: number) => LinearForm,
  options: { metric?: Metric; prefers?: Preferences } = {},
): Guide {
  const operators = new Map<number, Operator>();
  const operatorAt = (side: number): Operator => {
    const known = operators.get(side);
    if (known !== undefined) return known;
    const made = operatorOf(formAt(side), side);
    operators.set(side, made);
    return made;
  };
  const metric = options.metric ?? 'l2';
  return {
    score: (candidates) => operatorScores(candidates, operatorAt(candidates.side), metric),
    ...(options.prefers ? { prefers: options.prefers } : {}),
    ...(metric === 'l2' ? { linear: (level: LevelInfo) => operatorAt(level.side).form } : {}),
  };
}
