/** A figure of the server with its target. */

/** At most, or at least, so much. */
export interface Bar {
  readonly most?: number;
  readonly least?: number;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  /** '' for counts and ratios. */
  readonly unit: string;
  /** null where it is told for its own sake. */
  readonly bar: Bar | null;
  /** null where there is no bar. */
  readonly met: boolean | null;
  /** What stands behind the value. */
  readonly note?: string;
}

const DIGITS = 3;

/** @param bar what it should be; left out: told for its own sake */
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

/** The value below which this share of all lies. @param share 0 … 1 */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
