/** A figure of the server with its target. */

/** Upper or lower bound. */
export interface Bar {
  readonly most?: number;
  readonly least?: number;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  /** '' for counts and ratios. */
  readonly unit: string;
  /** null for a figure without a target. */
  readonly bar: Bar | null;
  /** null without a target. */
  readonly met: boolean | null;
  /** Remark on the value. */
  readonly note?: string;
}

const DIGITS = 3;

/** @param bar target; omitted for figures without one */
export function figure(
  name: string,
  value: number,
  { unit = '', bar = null, note }: { unit?: string; bar?: Bar | null; note?: string } = {},
): Figure {
  const shown = Math.abs(value) >= 1000 ? Math.round(value) : Number(value.toPrecision(DIGITS));
  return { name, value: shown, unit, bar, met: bar ? meets(value, bar) : null, ...(note ? { note } : {}) };
}

function meets(value: number, { most, least }: Bar): boolean {
  return (most === undefined || value <= most) && (least === undefined || value >= least);
}

export function barText({ bar, unit }: Figure): string {
  if (!bar) return '';
  const { most, least } = bar;
  if (most !== undefined && most === least) return `${most}`;
  return [least === undefined ? '' : `≥ ${least}`, most === undefined ? '' : `≤ ${most}`]
    .filter(Boolean)
    .map((text) => (unit ? `${text} ${unit}` : text))
    .join(', ');
}

/** Quantile. @param share 0 … 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
