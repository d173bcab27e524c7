/** Log-likelihoods that a phrase fits a picture, or that it does not, divided by the scale of a CLIP: differences of cosines. */
import type { ClipScale } from './towers.ts';

/** An exclusion that certainly fails costs as much as one that fails with this probability, so that none outweighs all else. */
const MOST_CERTAIN = 0.99;

/**
 * What a text that fits every picture counts for against a phrase, as a factor on its likelihood. A phrase that fits is as
 * near as such a text: with a factor of 1, half of the likelihood would be left to win, and exaggeration would win it.
 * Measured: guides/README.md, "Words".
 */
const CONTRAST_SHARE = Math.exp(-1.5);

/** Cosines of a picture with what stands against a phrase. */
export interface Against {
  /** Texts that fit every picture. */
  readonly contrasts: readonly number[];
  /** Texts that fit others than the phrase does. */
  readonly rivals: readonly number[];
}

/**
 * Log-likelihood that a phrase fits rather than what stands against it.
 *
 * @param similarity cosine of the phrase with the picture; returned as it is where nothing stands against it
 */
export function contrasted(similarity: number, { contrasts, rivals }: Against, scale: number): number {
  if (contrasts.length + rivals.length === 0) return similarity;
  let odds = 0;
  for (const other of contrasts) odds += CONTRAST_SHARE * Math.exp(scale * (other - similarity));
  for (const other of rivals) odds += Math.exp(scale * (other - similarity));
  return -Math.log1p(odds) / scale;
}

/**
 * That a phrase does not fit. Texts that fit every picture have the logit of a phrase that fits: p = exp(s (cos − contrast)).
 * It saturates: a picture that clearly lacks what is excluded gains nothing by lacking it even more.
 *
 * @param contrasts cosines of texts that fit every picture; none: the negative similarity is returned
 */
export function excluded(similarity: number, contrasts: readonly number[], scale: number): number {
  if (contrasts.length === 0) return -similarity;
  const common = contrasts.reduce((sum, other) => sum + Math.exp(scale * other), 0) / contrasts.length;
  const fits = Math.exp(scale * similarity) / common;
  return Math.log1p(-Math.min(MOST_CERTAIN, fits)) / scale;
}

/** That a phrase fits, of a network that judges each pair of text and picture on its own, by a sigmoid. */
export function judged(similarity: number, { scale, bias }: ClipScale): number {
  return -Math.log1p(Math.exp(-(scale * similarity + bias))) / scale;
}

/** That it does not. */
export function judgedAbsent(similarity: number, { scale, bias }: ClipScale): number {
  return -Math.log1p(Math.exp(scale * similarity + bias)) / scale;
}
