/** Fréchet distance of two sets of features taken as normal distributions (Dowson and Landau 1982). */

/** |μ₁ − μ₂|² + tr(C₁ + C₂ − 2 (C₁^½ C₂ C₁^½)^½); sets of at least two rows of one length. */
export function frechetDistance(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  const [one, other] = [momentsOf(a), momentsOf(b)];
  const size = one.mean.length;
  const root = squareRoot(one.covariance, size);
  const inner = product(product(root, other.covariance, size), root, size);
  const { values } = eigen(symmetric(inner, size), size);
  let distance = 0;
  for (let i = 0; i < size; i++) {
    distance += ((one.mean[i] as number) - (other.mean[i] as number)) ** 2;
    distance += (one.covariance[i * size + i] as number) + (other.covariance[i * size + i] as number);
    distance -= 2 * Math.sqrt(Math.max(0, values[i] as number));
  }
  return distance;
}

function momentsOf(rows: readonly Float64Array[]) {
  const size = rows[0]?.length ?? 0;
  const mean = new Float64Array(size);
  for (const row of rows)
    for (let i = 0; i < size; i++) mean[i] = (mean[i] as number) + (row[i] as number) / rows.length;
  const covariance = new Float64Array(size * size);
  for (const row of rows)
    for (let i = 0; i < size; i++) {
      const share = ((row[i] as number) - (mean[i] as number)) / (rows.length - 1);
      for (let j = 0; j < size; j++)
        covariance[i * size + j] =
          (covariance[i * size + j] as number) + share * ((row[j] as number) - (mean[j] as number));
    }
  return { mean, covariance };
}

/** Of a symmetric matrix without negative eigenvalues; what rounding made negative counts as 0. */
function squareRoot(matrix: Float64Array, size: number): Float64Array {
  const { values, vectors } = eigen(matrix, size);
  const root = new Float64Array(size * size);
  for (let k = 0; k < size; k++) {
    const scale = Math.sqrt(Math.max(0, values[k] as number));
    for (let i = 0; i < size; i++)
      for (let j = 0; j < size; j++)
        root[i * size + j] =
          (root[i * size + j] as number) +
          scale * (vectors[i * size + k] as number) * (vectors[j * size + k] as number);
  }
  return root;
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const out = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let k = 0; k < size; k++) {
      const value = a[i * size + k] as number;
      for (let j = 0; j < size; j++)
        out[i * size + j] = (out[i * size + j] as number) + value * (b[k * size + j] as number);
    }
  return out;
}

function symmetric(matrix: Float64Array, size: number): Float64Array {
  return matrix.map((value, at) => (value + (matrix[(at % size) * size + Math.floor(at / size)] as number)) / 2);
}

const MOST_SWEEPS = 60;

/** Eigenvalues, and eigenvectors as columns, of a symmetric matrix: cyclic Jacobi rotations. */
function eigen(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const a = matrix.slice();
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  const total = a.reduce((sum, value) => sum + value * value, 0);
  for (let sweep = 0; sweep < MOST_SWEEPS && offDiagonal(a, size) > 1e-20 * total; sweep++)
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(a, vectors, size, p, q);
  return { values: Float64Array.from({ length: size }, (_, i) => a[i * size + i] as number), vectors };
}

function offDiagonal(a: Float64Array, size: number): number {
  let sum = 0;
  for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) if (i !== j) sum += (a[i * size + j] as number) ** 2;
  return sum;
}

/** Makes a[p, q] zero (Golub and Van Loan, 8.5). */
function rotate(a: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const off = a[p * size + q] as number;
  if (off === 0) return;
  const tau = ((a[q * size + q] as number) - (a[p * size + p] as number)) / (2 * off);
  const t = Math.sign(tau || 1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  const turn = (data: Float64Array, first: number, second: number, step: number) => {
    for (let k = 0; k < size; k++) {
      const [x, y] = [data[first + k * step] as number, data[second + k * step] as number];
      data[first + k * step] = c * x - s * y;
      data[second + k * step] = s * x + c * y;
    }
  };
  turn(a, p * size, q * size, 1);
  turn(a, p, q, size);
  turn(vectors, p, q, size);
}
