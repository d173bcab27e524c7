/** Log-likelihoods that a phrase fits a picture, or that it does not, divided by the scale of a CLIP: differences of cosines. */

/** An exclusion that certainly fails costs as much as one that fails with this probability, so that none outweighs all else. */
const MOST_CERTAIN = 0.99;

/**
 * Log-odds of a phrase among itself and its contrasts.
 *
 * @param similarity cosine of the phrase with the picture
 * @param contrasts cosines of its contrasts; none: the similarity itself is returned
 */
export function contrasted(similarity: number, contrasts: Float64Array, scale: number): number {
  if (contrasts.length === 0) return similarity;
  let odds = 0;
  for (const other of contrasts) odds += Math.exp(scale * (other - similarity));
  return -Math.log1p(odds) / scale;
}

/**
 * That a phrase does not fit. Texts that fit every picture have the logit of a phrase that fits: p = exp(s (cos − contrast)).
 * It saturates: a picture that clearly lacks what is excluded gains nothing by lacking it even more.
 *
 * @param contrasts cosines of texts that fit every picture; none: the negative similarity is returned
 */
export function excluded(similarity: number, contrasts: Float64Array, scale: number): number {
  if (contrasts.length === 0) return -similarity;
  const common = contrasts.reduce((sum, other) => sum + Math.exp(scale * other), 0) / contrasts.length;
  const fits = Math.exp(scale * similarity) / common;
  return Math.log1p(-Math.min(MOST_CERTAIN, fits)) / scale;
}

/** Of a network that judges each pair of text and picture on its own, by a sigmoid. */
export interface Sigmoid {
  readonly scale: number;
  readonly bias: number;
}

export function judged(similarity: number, { scale, bias }: Sigmoid): number {
  return -Math.log1p(Math.exp(-(scale * similarity + bias))) / scale;
}

export function judgedAbsent(similarity: number, { scale, bias }: Sigmoid): number {
  return -Math.log1p(Math.exp(scale * similarity + bias)) / scale;
}
