/** Fréchet distance of two sets of features, modelled as normal distributions (Dowson and Landau 1982). */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** A normal distribution of D features: its mean, and F [D, m] of its covariance F·Fᵀ. */
export interface Normal {
  readonly mean: Float64Array;
  readonly factor: Matrix;
}

/** |μ₁ − μ₂|² + tr(C₁ + C₂ − 2 (C₁^½ C₂ C₁^½)^½). Each set has at least two rows, all of the same length. */
export function frechetDistance(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  return distanceOfNormals(normalOf(a), normalOf(b));
}

/** Like `frechetDistance`, for distributions. */
export function distanceOfNormals({ mean, factor }: Normal, other: Normal): number {
  const between = mean.reduce((sum, value, i) => sum + (value - (other.mean[i] as number)) ** 2, 0);
  const traces = squareSum(factor) + squareSum(other.factor);
  // The roots of the eigenvalues of C₁·C₂ are the singular values of F₁ᵀ·F₂, for any factors.
  const across = factor.transpose().mmul(other.factor);
  const small = across.rows <= across.columns ? across : across.transpose();
  const { realEigenvalues } = new EigenvalueDecomposition(small.mmul(small.transpose()), { assumeSymmetric: true });
  const cross = realEigenvalues.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0);
  return Math.max(0, between + traces - 2 * cross);
}

/** The distribution of rows of features. @throws {RangeError} for fewer than two rows */
export function normalOf(rows: readonly Float64Array[]): Normal {
  const moments = new Moments();
  for (const row of rows) moments.add(row);
  return moments.normal();
}

/**
 * Incremental mean and covariance of rows. Rows are stored while there are fewer than features; after that, only sums of
 * products, so that memory does not grow with their number.
 */
export class Moments {
  readonly #rows: Float64Array[] = [];
  #count = 0;
  #shift: Float64Array | null = null;
  #sum = new Float64Array();
  /** Sums of products, the lower triangle row by row, without the rows since the last full block; empty while rows are stored. */
  #products = new Float64Array();

  get count(): number {
    return this.#count;
  }

  add(row: Float64Array): void {
    // Shifted by the first row, since sums of squares of numbers far from 0 lose precision.
    this.#shift ??= row.slice();
    if (this.#count === 0) this.#sum = new Float64Array(row.length);
    const shifted = row.map((value, i) => value - ((this.#shift as Float64Array)[i] as number));
    for (let i = 0; i < shifted.length; i++) this.#sum[i] = (this.#sum[i] as number) + (shifted[i] as number);
    this.#count += 1;
    this.#rows.push(shifted);
    const isSummed = this.#products.length > 0;
    if (this.#rows.length < (isSummed ? BLOCK : row.length + 1)) return;
    if (!isSummed) this.#products = new Float64Array((row.length * (row.length + 1)) / 2);
    this.#multiply();
  }

  /** @throws {RangeError} for fewer than two rows */
  normal(): Normal {
    if (this.#count < 2) throw new RangeError(`a distribution of ${this.#count} rows: expected two or more`);
    const mean = this.#sum.map((value) => value / this.#count);
    if (this.#products.length > 0) this.#multiply();
    const factor = this.#products.length > 0 ? cholesky(this.#covariance(mean)) : this.#centred(mean);
    return { mean: mean.map((value, i) => value + ((this.#shift as Float64Array)[i] as number)), factor };
  }

  /** Adds the products of the stored rows, in blocks: a pass over all sums per row would be limited by memory bandwidth. */
  #multiply(): void {
    while (this.#rows.length > 0) {
      const rows = this.#rows.splice(0, BLOCK);
      const columns = this.#sum.length;
      const block = new Float64Array(columns * BLOCK);
      for (const [r, row] of rows.entries()) for (let i = 0; i < columns; i++) block[i * BLOCK + r] = row[i] as number;
      for (let i = 0, at = 0; i < columns; i++)
        for (let j = 0; j <= i; j++, at++) {
          let sum = 0;
          for (let r = 0; r < BLOCK; r++) sum += (block[i * BLOCK + r] as number) * (block[j * BLOCK + r] as number);
          this.#products[at] = (this.#products[at] as number) + sum;
        }
    }
  }

  /** The rows minus their mean, scaled, [D, count]. */
  #centred(mean: Float64Array): Matrix {
    const scale = 1 / Math.sqrt(this.#count - 1);
    return new Matrix(
      this.#rows.map((row) => row.map((value, i) => scale * (value - (mean[i] as number)))),
    ).transpose();
  }

  /** The covariance's lower triangle, row by row. */
  #covariance(mean: Float64Array): Float64Array {
    const result = new Float64Array(this.#products.length);
    for (let i = 0, at = 0; i < mean.length; i++)
      for (let j = 0; j <= i; j++, at++) {
        const product = (this.#products[at] as number) - this.#count * (mean[i] as number) * (mean[j] as number);
        result[at] = product / (this.#count - 1);
      }
    return result;
  }
}

/** Number of rows whose products are added at once. */
const BLOCK = 32;
/** Share of a variance that counts as rounding error. */
const ROUNDING = 1e-12;

/** L of a positive semidefinite matrix L·Lᵀ, given as its lower triangle. Columns without remaining variance are 0. */
function cholesky(triangle: Float64Array): Matrix {
  const size = (Math.sqrt(8 * triangle.length + 1) - 1) / 2;
  const rows = Array.from({ length: size }, (_, i) => triangle.slice((i * (i + 1)) / 2, ((i + 1) * (i + 2)) / 2));
  const variances = rows.map((row, i) => row[i] as number);
  for (let i = 0; i < size; i++) {
    const row = rows[i] as Float64Array;
    for (let j = 0; j <= i; j++) {
      const other = rows[j] as Float64Array;
      let left = row[j] as number;
      for (let k = 0; k < j; k++) left -= (row[k] as number) * (other[k] as number);
      if (i === j) row[j] = left > ROUNDING * (variances[i] as number) ? Math.sqrt(left) : 0;
      else row[j] = (other[j] as number) > 0 ? left / (other[j] as number) : 0;
    }
  }
  return new Matrix(rows.map((row) => [...row, ...Array<number>(size - row.length).fill(0)]));
}

function squareSum(matrix: Matrix): number {
  let sum = 0;
  for (let i = 0; i < matrix.rows; i++) for (let j = 0; j < matrix.columns; j++) sum += matrix.get(i, j) ** 2;
  return sum;
}
