/** Labels of a classifier's outputs: groups, each with a softmax of its own. */
import { z } from 'zod';
import { GuideProblem } from '../../src/guide.ts';

/** One attribute: outputs offset … offset + values.length − 1 are the logits of its values. */
export interface LabelGroup {
  readonly attribute: string;
  readonly offset: number;
  readonly values: readonly string[];
}

/** A requested label: outputs of one group, any of which satisfies it. */
export interface WantedLabel {
  readonly group: LabelGroup;
  readonly indices: readonly number[];
}

const values = z.array(z.string().min(1)).min(1);
const group = z.union([values, z.object({ values, offset: z.int().min(0).optional() })]);

/** labels.json: a plain list of labels, or attributes in the order of the outputs. */
const labelsFile = z.union([
  values.transform((list) => ({ attributes: { label: list } as Record<string, z.output<typeof group>> })),
  z.object({
    attributes: z.record(z.string(), group),
    side: z.int().positive().optional(),
    /** What the network gives of each group: logits, or probabilities that add to 1. */
    outputs: z.enum(['logits', 'probabilities']).default('logits'),
    mean: z.array(z.number()).min(1).max(3).optional(),
    deviation: z.array(z.number().positive()).min(1).max(3).optional(),
  }),
]);

/** Content of labels.json: the groups, and the network's input format if given. */
export interface Labels {
  readonly groups: readonly LabelGroup[];
  readonly side?: number | undefined;
  readonly mean?: readonly number[] | undefined;
  readonly deviation?: readonly number[] | undefined;
  /** Whether the network ends in a softmax of its own. @default false */
  readonly areProbabilities?: boolean;
}

/** @throws GuideProblem if the document has neither of the two forms */
export function readLabels(json: unknown): Labels {
  const parsed = labelsFile.safeParse(json);
  if (!parsed.success)
    throw new GuideProblem(
      'labels.json is invalid: expected a list of labels, or {"attributes": {"hair": ["red", "black"]}} in the order of the outputs',
    );
  const { attributes, outputs, ...rest } = {
    side: undefined,
    mean: undefined,
    deviation: undefined,
    outputs: 'logits',
    ...parsed.data,
  };
  let next = 0;
  const groups = Object.entries(attributes).map(([attribute, entry]) => {
    const list = Array.isArray(entry) ? entry : entry.values;
    const offset = (Array.isArray(entry) ? undefined : entry.offset) ?? next;
    next = offset + list.length;
    return { attribute, offset, values: list };
  });
  return { groups, ...rest, areProbabilities: outputs === 'probabilities' };
}

const exportedConfig = z.looseObject({ id2label: z.record(z.string().regex(/^\d{1,6}$/), z.string().min(1)) });

/** Labels of an export in the Hugging Face layout, from its config.json. @throws GuideProblem if it has none */
export function labelsOfConfig(json: unknown): Labels {
  const parsed = exportedConfig.safeParse(json);
  const names = parsed.success ? parsed.data.id2label : {};
  const values = Object.keys(names).map((_, i) => names[i] ?? '');
  if (values.length === 0 || values.includes(''))
    throw new GuideProblem('config.json of the classifier has no id2label: put a labels.json beside its ONNX file');
  return { groups: [{ attribute: 'label', offset: 0, values }] };
}

function wantedOf({ attribute, values: known, ...place }: LabelGroup, names: readonly string[]): WantedLabel {
  const indices = names.map((name) => {
    const index = known.indexOf(name);
    if (index < 0)
      throw new GuideProblem(`"${name}" is not a value of "${attribute}": expected one of ${known.join(', ')}`);
    return index;
  });
  return { group: { attribute, values: known, ...place }, indices };
}

/** Finds `{attribute: value}` (or a list of accepted values). @throws GuideProblem listing the known ones */
export function findByAttribute(
  groups: readonly LabelGroup[],
  wanted: Readonly<Record<string, string | string[]>>,
): WantedLabel[] {
  return Object.entries(wanted).map(([attribute, value]) => {
    const found = groups.find((one) => one.attribute === attribute);
    if (!found)
      throw new GuideProblem(
        `the classifier has no attribute "${attribute}": expected one of ${groups.map((one) => one.attribute).join(', ')}`,
      );
    return wantedOf(found, typeof value === 'string' ? [value] : value);
  });
}

/** Finds labels by their names alone. @throws GuideProblem for a name that no group has, or more than one */
export function findByName(groups: readonly LabelGroup[], names: readonly string[]): WantedLabel[] {
  return names.map((name) => {
    const holders = groups.filter((one) => one.values.includes(name));
    const [only, ...others] = holders;
    if (!only)
      throw new GuideProblem(
        `the classifier has no label "${name}": expected one of ${groups
          .flatMap((one) => one.values)
          .slice(0, 60)
          .join(', ')}`,
      );
    if (others.length > 0)
      throw new GuideProblem(
        `"${name}" is a value of ${holders.map((one) => one.attribute).join(' and ')}: say which, as {"${only.attribute}": "${name}"}`,
      );
    return wantedOf(only, [name]);
  });
}

/** Log-probability that a row of logits, from `at` on, has one of the wanted labels: log softmax within the group. */
export function logProbability(
  logits: Float32Array,
  at: number,
  { group: { offset, values: all }, indices }: WantedLabel,
): number {
  const first = at + offset;
  const whole = logSumExp(all.length, (i) => logits[first + i] as number);
  return logSumExp(indices.length, (i) => logits[first + (indices[i] as number)] as number) - whole;
}

function logSumExp(count: number, value: (index: number) => number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) most = Math.max(most, value(i));
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp(value(i) - most);
  return most + Math.log(sum);
}
