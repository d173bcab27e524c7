/** Scores of a linear form without drawing a candidate (METHOD: x_k = W_k F + p, so squares follow from Gram matrices). */
import type { LinearForm } from '../../src/guide.ts';

export interface Level {
  readonly side: number;
  readonly channels: number;
  readonly count: number;
  readonly width: number;
  /** F, [width, side, side]. */
  readonly features: Float64Array;
  /** p, [channels, side, side]. */
  readonly predict: Float64Array;
  /** W, [count, channels, width]. */
  readonly nodes: Float64Array;
}

/** R · plane · Cᵀ, [height, width]. */
function pool(plane: Float64Array, form: LinearForm, side: number): Float64Array {
  const result = new Float64Array(form.height * form.width);
  for (let i = 0; i < form.height; i++)
    for (let j = 0; j < form.width; j++)
      for (let a = 0; a < side; a++) {
        const row = form.rows ? (form.rows[i * side + a] as number) : Number(a === i);
        if (row === 0) continue;
        for (let b = 0; b < side; b++) {
          const column = form.columns ? (form.columns[j * side + b] as number) : Number(b === j);
          const at = i * form.width + j;
          result[at] = (result[at] as number) + row * column * (plane[a * side + b] as number);
        }
      }
  return result;
}

function planes(data: Float64Array, size: number): Float64Array[] {
  return Array.from({ length: data.length / size }, (_, n) => data.subarray(n * size, (n + 1) * size));
}

function dot(a: Float64Array, b: Float64Array, weight: Float32Array | undefined): number {
  let sum = 0;
  for (let p = 0; p < a.length; p++) sum += (a[p] as number) * (b[p] as number) * (weight?.[p] ?? 1);
  return sum;
}

/** M · x over channels, for planes or for rows of numbers. */
function mix(form: LinearForm, channels: number, rows: readonly Float64Array[]): Float64Array[] {
  return Array.from({ length: form.outChannels }, (_, out) => {
    const result = new Float64Array((rows[0] as Float64Array).length);
    for (let c = 0; c < channels; c++) {
      const factor = form.color ? (form.color[out * channels + c] as number) : Number(c === out);
      for (let p = 0; p < result.length; p++)
        result[p] = (result[p] as number) + factor * ((rows[c] as Float64Array)[p] as number);
    }
    return result;
  });
}

/** Scores of all candidates by Gram matrices. */
export function gramScores(form: LinearForm, level: Level): Float64Array {
  const { side, channels, count, width, nodes } = level;
  const size = side * side;
  const features = planes(level.features, size).map((plane) => pool(plane, form, side));
  const pooled = mix(
    form,
    channels,
    planes(level.predict, size).map((plane) => pool(plane, form, side)),
  );
  const targets = planes(Float64Array.from(form.target), form.height * form.width);
  const errors = pooled.map((plane, out) =>
    plane.map((value, p) => value - ((targets[out] as Float64Array)[p] as number)),
  );
  const gram = features.map((one) => features.map((other) => dot(one, other, form.weight)));
  const cross = errors.map((error) => features.map((one) => dot(error, one, form.weight)));
  const rest = errors.reduce((sum, error) => sum + dot(error, error, form.weight), 0);
  return Float64Array.from({ length: count }, (_, k) => {
    const rows = planes(nodes.subarray(k * channels * width, (k + 1) * channels * width), width);
    let sum = rest;
    for (const [out, row] of mix(form, channels, rows).entries())
      for (let a = 0; a < width; a++) {
        sum += 2 * (row[a] as number) * (cross[out]?.[a] as number);
        for (let b = 0; b < width; b++) sum += (row[a] as number) * (row[b] as number) * (gram[a]?.[b] as number);
      }
    return -form.scale * sum;
  });
}

/** The candidates drawn, [count, channels, side, side]. */
export function draw({ side, channels, count, width, features, predict, nodes }: Level): Float32Array {
  const size = side * side;
  const data = new Float32Array(count * channels * size);
  for (let n = 0; n < count * channels; n++)
    for (let p = 0; p < size; p++) {
      let value = predict[(n % channels) * size + p] as number;
      for (let a = 0; a < width; a++) value += (nodes[n * width + a] as number) * (features[a * size + p] as number);
      data[n * size + p] = value;
    }
  return data;
}
