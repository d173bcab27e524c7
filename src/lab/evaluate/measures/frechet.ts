/** Fréchet distance of two sets of features taken as normal distributions (Dowson and Landau 1982). */
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';

/** |μ₁ − μ₂|² + tr(C₁ + C₂ − 2 (C₁^½ C₂ C₁^½)^½); sets of at least two rows of one length. */
export function frechetDistance(a: readonly Float64Array[], b: readonly Float64Array[]): number {
  const [one, other] = [momentsOf(a), momentsOf(b)];
  const root = squareRoot(one.covariance);
  const { values } = eigen(root.mmul(other.covariance).mmul(root));
  const between = Matrix.sub(one.mean, other.mean).norm() ** 2;
  const cross = values.reduce((sum, value) => sum + Math.sqrt(value), 0);
  return Math.max(0, between + one.covariance.trace() + other.covariance.trace() - 2 * cross);
}

function momentsOf(rows: readonly Float64Array[]) {
  const matrix = new Matrix([...rows]);
  const mean = matrix.mean('column');
  const centred = matrix.subRowVector(mean);
  return {
    mean: Matrix.rowVector(mean),
    covariance: centred
      .transpose()
      .mmul(centred)
      .div(rows.length - 1),
  };
}

/** Of a symmetric matrix without negative eigenvalues. */
function squareRoot(matrix: Matrix): Matrix {
  const { values, vectors } = eigen(matrix);
  return vectors.mmul(Matrix.diag(values.map(Math.sqrt))).mmul(vectors.transpose());
}

/** Of a symmetric matrix without negative eigenvalues: what rounding made negative counts as 0. */
function eigen(matrix: Matrix): { values: number[]; vectors: Matrix } {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true });
  return { values: realEigenvalues.map((value) => Math.max(0, value)), vectors: eigenvectorMatrix };
}
