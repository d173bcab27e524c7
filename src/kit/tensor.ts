/** Dense tensors in row-major order. */

export type TensorData = Float32Array | BigInt64Array;

export interface Tensor<Data extends TensorData = Float32Array> {
  readonly data: Data;
  readonly dims: readonly number[];
}

/** Wraps data without copying. @throws {RangeError} if the dims do not fit the data: a programming error */
export function tensor<Data extends TensorData>(data: Data, dims: readonly number[]): Tensor<Data> {
  const size = sizeOf(dims);
  if (size !== data.length) throw new RangeError(`dims [${dims}] hold ${size} values, the data ${data.length}`);
  return { data, dims };
}

/** A vector of 64-bit integers, the graphs' type for choices and codes. */
export function integers(values: ArrayLike<number>, dims: readonly number[] = [values.length]): Tensor<BigInt64Array> {
  const data = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i] as number);
  return tensor(data, dims);
}

export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
