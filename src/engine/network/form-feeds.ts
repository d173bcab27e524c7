/** Quadratic forms as inputs of the graphs that score by them. */
import type { LinearForm } from '../../guide.ts';
import type { Tensor } from '../../kit/tensor.ts';
import type { FormShape } from '../../runtime/fused/form-nodes.ts';

/**
 * The feeds of one guide, by input name.
 *
 * @param forms one per row, with equal keys (`formKey`)
 * @param side of the level in pixels
 * @param name input name of a part
 */
export function formFeeds(
  forms: readonly LinearForm[],
  shape: FormShape,
  side: number,
  name: (part: string) => string,
): Record<string, Tensor> {
  const [{ outChannels, height, width, color }] = forms as [LinearForm];
  const rows = forms.length;
  const pixels = height * width;
  const stacked = (partOf: (form: LinearForm) => Float32Array, dims: readonly number[]): Tensor => ({
    data: concatenated(forms.map(partOf)),
    dims: [rows, ...dims],
  });
  return {
    [name('target')]: stacked(({ target }) => target, [outChannels, pixels]),
    ...(shape.isWeighted && {
      [name('weight')]: stacked(({ weight }) => weight ?? new Float32Array(pixels).fill(1), [1, pixels]),
    }),
    ...(shape.isPooled && {
      [name('rows')]: stacked((form) => form.rows ?? identity(side), [1, height, side]),
      [name('columns')]: stacked((form) => transposed(form.columns ?? identity(side), width, side), [1, side, width]),
    }),
    ...(shape.isColored &&
      color && {
        [name('color')]: { data: color, dims: [outChannels, color.length / outChannels] },
      }),
  };
}

/** Forms with equal keys can share a run. */
export function formKey({ height, width, color }: LinearForm, shape: FormShape): string {
  return JSON.stringify([height, width, shape, color ? [...color] : null]);
}

/** The concatenated parts; a single part is not copied. */
function concatenated(parts: readonly Float32Array[]): Float32Array {
  const [first] = parts;
  if (!first || parts.length === 1) return first ?? new Float32Array(0);
  const data = new Float32Array(first.length * parts.length);
  for (const [i, part] of parts.entries()) data.set(part, i * first.length);
  return data;
}

function identity(size: number): Float32Array {
  const matrix = new Float32Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = 1;
  return matrix;
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j] as number;
  return result;
}
