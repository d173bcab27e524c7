/** Dense tensors in row order, and moving their rows (the first axis, the batch) about. */

export type TensorData = Float32Array | BigInt64Array;

export interface Tensor<Data extends TensorData = Float32Array> {
  readonly data: Data;
  readonly dims: readonly number[];
}

/** Wraps data without copying. @throws {RangeError} where the dims do not fit the data: a mistake in the program. */
export function tensor<Data extends TensorData>(data: Data, dims: readonly number[]): Tensor<Data> {
  const size = sizeOf(dims);
  if (size !== data.length) throw new RangeError(`dims [${dims}] hold ${size} values, the data ${data.length}`);
  return { data, dims };
}

/** A vector of 64-bit integers, as the graphs take choices and codes. */
export function integers(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor<BigInt64Array> {
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i] as number);
  return tensor(data, dims);
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** The same data under other dims. */
export function reshape<Data extends TensorData>(of: Tensor<Data>, dims: readonly number[]): Tensor<Data> {
  return tensor(of.data, dims);
}

/** Rows `from` … `to` − 1, as a view: writing to it writes to the original. */
export function sliceRows<Data extends TensorData>(of: Tensor<Data>, from: number, to: number): Tensor<Data> {
  const [rows, size] = rowsOf(of);
  if (from < 0 || to > rows || from > to) throw new RangeError(`rows ${from} … ${to} of ${rows}`);
  return { data: of.data.subarray(from * size, to * size) as Data, dims: [to - from, ...of.dims.slice(1)] };
}

/** A new tensor of the rows named, in that order; a row may be named more than once. */
export function gatherRows(of: Tensor, rows: ArrayLike<number>): Tensor {
  const [count, size] = rowsOf(of);
  const data = new Float32Array(rows.length * size);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (!(row >= 0 && row < count)) throw new RangeError(`row ${row} of ${count}`);
    data.set(of.data.subarray(row * size, (row + 1) * size), i * size);
  }
  return { data, dims: [rows.length, ...of.dims.slice(1)] };
}

/** One entry of the second axis for each row: from [B, K, …] and B choices to [B, …]. */
export function chooseFromRows(of: Tensor, choices: ArrayLike<number>): Tensor {
  const [batch, count, ...rest] = of.dims as [number, number, ...number[]];
  if (choices.length !== batch) throw new RangeError(`${choices.length} choices for ${batch} rows`);
  const flat = Array.from(choices, (choice, row) => (choice < count ? row * count + choice : Number.NaN));
  return gatherRows({ data: of.data, dims: [batch * count, ...rest] }, flat);
}

/** All rows of several tensors of equal row shape, below one another; a single one is returned as it is. */
export function concatRows(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (!first) throw new RangeError('nothing to join');
  if (parts.length === 1) return first;
  const shape = first.dims.slice(1);
  let rows = 0;
  for (const { dims } of parts) {
    if (dims.length !== first.dims.length || shape.some((dim, axis) => dim !== dims[axis + 1]))
      throw new RangeError(`rows of [${dims}] below rows of [${first.dims}]`);
    rows += dims[0] as number;
  }
  const data = new Float32Array(rows * sizeOf(shape));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, dims: [rows, ...shape] };
}

function rowsOf(of: Tensor<TensorData>): [rows: number, size: number] {
  const [rows, ...rest] = of.dims;
  if (rows === undefined) throw new RangeError('a scalar has no rows');
  return [rows, sizeOf(rest)];
}
