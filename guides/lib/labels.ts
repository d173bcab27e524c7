/** Labels of a classifier's outputs: groups, each with a softmax of its own. */
import { z } from 'zod';
import { GuideProblem } from '../../src/guide.ts';
import { nearestNames } from '../../src/kit/nearest-names.ts';

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
    /** Further words, each with the label that it stands for. */
    synonyms: z.record(z.string(), z.string()).default({}),
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
  /** Further words, each with the label that it stands for. @default none */
  readonly synonyms?: Readonly<Record<string, string>>;
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
    synonyms: {},
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

/** Names told where nothing is like the one that is not known. */
const MOST_TOLD = 60;
const ARTICLE = /^(?:an?|the) /;

const plain = (name: string): string => name.trim().toLowerCase().replace(ARTICLE, '');

/** What a name is among labels: itself, or as written without article and capitals, or what it is a synonym of. */
function labelOf(name: string, { values: known }: LabelGroup, synonyms: Readonly<Record<string, string>>): number {
  const exact = known.indexOf(name);
  if (exact >= 0) return exact;
  const word = plain(name);
  const alike = known.findIndex((one) => plain(one) === word);
  if (alike >= 0) return alike;
  const meant = Object.entries(synonyms).find(([synonym]) => plain(synonym) === word)?.[1];
  return meant === undefined ? -1 : known.indexOf(meant);
}

/** What to say in place of a name that is not known: the nearest ones, or what there is. */
function hintFor(name: string, groups: readonly LabelGroup[], synonyms: Readonly<Record<string, string>>): string {
  const all = groups.flatMap((one) => one.values);
  const near = nearestNames(plain(name), [...all, ...Object.keys(synonyms)]);
  const others = near.filter((one) => !near.includes(synonyms[one] ?? ''));
  const told = others.map((one) => (synonyms[one] === undefined ? `"${one}"` : `"${one}" (${synonyms[one]})`));
  if (told.length > 0) return `did you mean ${told.join(' or ')}?`;
  const more = all.length > MOST_TOLD ? ` and ${all.length - MOST_TOLD} more` : '';
  return `expected one of ${all.slice(0, MOST_TOLD).join(', ')}${more}`;
}

/** Finds `{attribute: value}` (or a list of accepted values). @throws GuideProblem naming near or known ones */
export function findByAttribute(
  { groups, synonyms = {} }: Labels,
  wanted: Readonly<Record<string, string | string[]>>,
): WantedLabel[] {
  return Object.entries(wanted).map(([attribute, value]) => {
    const group = groups.find((one) => one.attribute === attribute);
    if (!group)
      throw new GuideProblem(
        `the classifier has no attribute "${attribute}": expected one of ${groups.map((one) => one.attribute).join(', ')}`,
      );
    const names = typeof value === 'string' ? [value] : value;
    const indices = names.map((name) => {
      const index = labelOf(name, group, synonyms);
      if (index < 0)
        throw new GuideProblem(`"${name}" is not a value of "${attribute}": ${hintFor(name, [group], synonyms)}`);
      return index;
    });
    return { group, indices };
  });
}

/** Finds labels by their names alone. @throws GuideProblem for a name that no group has, or more than one */
export function findByName({ groups, synonyms = {} }: Labels, names: readonly string[]): WantedLabel[] {
  return names.map((name) => {
    const holders = groups.filter((one) => labelOf(name, one, synonyms) >= 0);
    const [only, ...others] = holders;
    if (!only) throw new GuideProblem(`the classifier has no label "${name}": ${hintFor(name, groups, synonyms)}`);
    if (others.length > 0)
      throw new GuideProblem(
        `"${name}" is a value of ${holders.map((one) => one.attribute).join(' and ')}: say which, as {"${only.attribute}": "${name}"}`,
      );
    return { group: only, indices: [labelOf(name, only, synonyms)] };
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
