/** Metrics of a model as rows of a table. */

type Metrics = Readonly<Record<string, unknown>>;

export interface Row {
  readonly name: string;
  readonly value: string;
}

const PERCENT = 100;

/** The main metrics; missing ones are left out. */
export function mainFigures(metrics: Metrics): Row[] {
  const reconstruction = (metrics.reconstruction ?? {}) as Metrics;
  const { psnr_db: near, random_db: random, ssim, pictures } = reconstruction;
  const entropy = metrics.code_entropy_ratio;
  return [
    ...(isNumber(near) && isNumber(pictures)
      ? [{ name: `PSNR on ${pictures.toLocaleString('en')} held-out pictures`, value: `${near.toFixed(1)} dB` }]
      : []),
    ...(isNumber(random) ? [{ name: 'PSNR of random pictures', value: `${random.toFixed(1)} dB` }] : []),
    ...(isNumber(ssim) ? [{ name: 'SSIM', value: ssim.toFixed(2) }] : []),
    ...(isNumber(entropy)
      ? [{ name: 'code entropy, of the maximum', value: `${(PERCENT * entropy).toFixed(1)} %` }]
      : []),
  ];
}

/** All numbers at any depth, each with its path as name. */
export function allFigures(metrics: unknown, path: readonly string[] = []): Row[] {
  if (isNumber(metrics)) return [{ name: path.join(', ').replaceAll('_', ' '), value: String(metrics) }];
  if (typeof metrics === 'string') return [{ name: path.join(', ').replaceAll('_', ' '), value: metrics }];
  if (Array.isArray(metrics)) return listed(metrics, path);
  if (typeof metrics !== 'object' || metrics === null) return [];
  return Object.entries(metrics).flatMap(([name, value]) => allFigures(value, [...path, name]));
}

/** Arrays of numbers as one row, other values one row each. */
function listed(values: readonly unknown[], path: readonly string[]): Row[] {
  if (values.every(isNumber)) return [{ name: path.join(', ').replaceAll('_', ' '), value: values.join('  ') }];
  return values.flatMap((value, n) => allFigures(value, [...path, String(n + 1)]));
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

export interface Stage {
  readonly side: number;
  readonly levels: number;
}

/** Number of levels of each side, in order. */
export function stagesOf(levels: readonly { readonly side: number }[]): Stage[] {
  const sides = [...new Set(levels.map(({ side }) => side))];
  return sides.map((side) => ({ side, levels: levels.filter((one) => one.side === side).length }));
}
