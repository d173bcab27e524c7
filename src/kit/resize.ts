/** Resizing planes of float32 numbers: exact area shrinking, and bilinear resampling. */

/** For each output position: the first input it reads, and that input's and its successors' weights (they add to 1). */
interface Taps {
  readonly starts: Int32Array;
  readonly weights: readonly Float32Array[];
}

export interface PlaneSize {
  readonly height: number;
  readonly width: number;
}

/**
 * Area-shrinks planes [planes, height, width] to [planes, to.height, to.width]: each output pixel is the mean of the
 * rectangle that it covers, fractions of pixels counted by their area. Any factor, not only whole ones; an axis that
 * grows instead repeats pixels, blending where an output pixel straddles two.
 */
export function areaResize(data: Float32Array, from: PlaneSize, to: PlaneSize): Float32Array<ArrayBuffer> {
  return resample(data, from, to, areaTaps);
}

/** Bilinear resampling with pixel centres at halves (PyTorch's `align_corners=False`, no antialiasing). */
export function bilinearResize(data: Float32Array, from: PlaneSize, to: PlaneSize): Float32Array<ArrayBuffer> {
  return resample(data, from, to, bilinearTaps);
}

function resample(
  data: Float32Array,
  from: PlaneSize,
  to: PlaneSize,
  tapsOf: (from: number, to: number) => Taps,
): Float32Array<ArrayBuffer> {
  const planes = data.length / (from.height * from.width);
  if (!Number.isInteger(planes))
    throw new RangeError(`${data.length} values in planes of ${from.height}×${from.width}`);
  const rows = from.height === to.height ? data : resampleRows(data, planes, from, tapsOf(from.height, to.height));
  if (from.width === to.width) return rows === data ? data.slice() : (rows as Float32Array<ArrayBuffer>);
  return resampleColumns(rows, from.width, tapsOf(from.width, to.width));
}

function resampleRows(data: Float32Array, planes: number, { height, width }: PlaneSize, taps: Taps) {
  const out = new Float32Array(planes * taps.weights.length * width);
  let at = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let row = 0; row < taps.weights.length; row++, at += width) {
      const weights = taps.weights[row] as Float32Array;
      let source = (plane * height + (taps.starts[row] as number)) * width;
      for (let t = 0; t < weights.length; t++, source += width) {
        const weight = weights[t] as number;
        for (let x = 0; x < width; x++) out[at + x] = (out[at + x] as number) + weight * (data[source + x] as number);
      }
    }
  }
  return out;
}

function resampleColumns(data: Float32Array, width: number, taps: Taps) {
  const rows = data.length / width;
  const count = taps.weights.length;
  const out = new Float32Array(rows * count);
  for (let row = 0; row < rows; row++) {
    for (let x = 0; x < count; x++) {
      const weights = taps.weights[x] as Float32Array;
      const source = row * width + (taps.starts[x] as number);
      let sum = 0;
      for (let t = 0; t < weights.length; t++) sum += (weights[t] as number) * (data[source + t] as number);
      out[row * count + x] = sum;
    }
  }
  return out;
}

function areaTaps(from: number, to: number): Taps {
  const scale = from / to;
  const starts = new Int32Array(to);
  const weights = Array.from({ length: to }, (_, i) => {
    const low = i * scale;
    const high = Math.min(from, (i + 1) * scale);
    const start = Math.min(from - 1, Math.floor(low));
    const end = Math.max(start + 1, Math.ceil(high - 1e-9));
    starts[i] = start;
    const covered = (pixel: number) => Math.min(high, pixel + 1) - Math.max(low, pixel);
    return normalised(Array.from({ length: end - start }, (_, t) => Math.max(0, covered(start + t))));
  });
  return { starts, weights };
}

function bilinearTaps(from: number, to: number): Taps {
  const starts = new Int32Array(to);
  const weights = Array.from({ length: to }, (_, i) => {
    const centre = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const start = Math.min(Math.floor(centre), Math.max(0, from - 2));
    starts[i] = start;
    const right = Math.min(1, centre - start);
    return from === 1 ? Float32Array.of(1) : Float32Array.of(1 - right, right);
  });
  return { starts, weights };
}

function normalised(weights: readonly number[]): Float32Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return Float32Array.from(weights, (weight) => weight / sum);
}
