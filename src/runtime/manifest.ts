/** The schema of model.json, format version 1. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { KandidError, reasonOf } from '../errors.ts';
import { type FirstIssue, firstIssue } from '../kit/issues.ts';
import { type JsonLimits, parseJson } from '../kit/json.ts';

export const MANIFEST_FILE = 'model.json';
export const FORMAT_VERSION = 1;

/** Limits, because a bundle may come from anywhere. */
export const MANIFEST_JSON: JsonLimits = { bytes: 4 * 2 ** 20, depth: 32, values: 200_000, keys: 50_000 };

const MAX_FILES = 1000;
const MAX_LEVELS = 256;
const LARGEST_SIDE = 4096;

const fileRecord = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
  bytes: z.int().min(0),
});

const licence = z.object({ data: z.string(), weights: z.string(), attribution: z.string() });

const common = {
  format_version: z.literal(FORMAT_VERSION),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected lower-case letters, digits, dots and hyphens'),
  title: z.string(),
  description: z.string(),
  licence,
  made: z.looseObject({ command: z.string(), seed: z.number() }).optional(),
  metrics: z.record(z.string(), z.unknown()).default({}),
  files: z
    .record(z.string(), fileRecord)
    .refine((files) => Object.keys(files).length <= MAX_FILES, `expected at most ${MAX_FILES} files`),
};

const level = z.object({
  side: z.int().min(1).max(LARGEST_SIDE),
  candidates: z.int().min(2).max(65_536),
  width: z.int().min(1),
});

/** One graph per side in pixels. */
const graphBySide = z.record(z.string().regex(/^[1-9]\d{0,3}$/, 'expected a side in pixels'), z.string(), {
  error: 'expected a graph for each side in pixels; scripts/train_prior.py BUNDLE --again writes it so',
});

const prior = z.looseObject({
  weights: z.string(),
  sides: graphBySide,
  /** Graphs of whole descents, by side. */
  descend: graphBySide,
  files: z.record(z.string(), fileRecord),
  /** Bits of a code, mean over held-out pictures; and with all choices equally likely. */
  bits: z.number().optional(),
  bits_uniform: z.number().optional(),
});

const pyramid = z.looseObject({
  ...common,
  kind: z.literal('pyramid').default('pyramid'),
  dataset: z.string().nullable(),
  channels: z.union([z.literal(1), z.literal(3)]),
  levels: z
    .array(level)
    .min(1)
    .max(MAX_LEVELS)
    .refine(
      (levels) => levels.every(({ side }, i) => i === 0 || side >= (levels[i - 1]?.side ?? 0)),
      'expected sides that never shrink',
    ),
  condition: z
    .object({ kind: z.enum(['grayscale', 'mean', 'edges', 'color_edges']), channels: z.int().min(1).max(4) })
    .nullable(),
  architecture: z.looseObject({ type: z.string() }),
  graphs: z.object({
    levels: z.array(z.string()),
    decode: z.string(),
    /** Written by earlier versions of the importer; no longer used. */
    scores: z.array(z.string()).optional(),
  }),
  weights: z.string(),
  /** Names of text models for its pictures, best first. */
  text_models: z.array(z.string().min(1).max(64)).max(16).default([]),
  /**
   * Names of networks whose features suit its pictures (photographs), best first: for style statistics, classes and
   * distances.
   */
  perceptual_models: z.array(z.string().min(1).max(64)).max(16).default([]),
  /**
   * A learned prior over choices; its files are not among `files`, because codes draw the same pictures without it.
   */
  prior: prior.optional(),
});

const classifier = z.looseObject({ ...common, kind: z.literal('classifier') });
const clip = z.looseObject({ ...common, kind: z.literal('clip') });

/** A generator: the pyramid network of levels. */
export type PyramidManifest = z.output<typeof pyramid>;
/** The part of a generator's manifest about its prior. */
export type PriorManifest = z.output<typeof prior>;
/** An ONNX classifier with its labels. */
export type ClassifierManifest = z.output<typeof classifier>;
/** A CLIP in the Hugging Face layout. */
export type ClipManifest = z.output<typeof clip>;
export type Manifest = PyramidManifest | ClassifierManifest | ClipManifest;

const SCHEMAS = { pyramid, classifier, clip } as const;

/**
 * Parses the text of a model.json.
 *
 * @param bundle name of the bundle in errors: that of its folder
 * @throws {KandidError} bundle_invalid, bundle_version, bundle_file_name
 */
export function parseManifest(text: string, bundle: string): Manifest {
  const refuse = (problem: string, cause?: unknown) =>
    new KandidError('bundle_invalid', { bundle, file: MANIFEST_FILE, problem }, { cause });
  let json: unknown;
  try {
    json = parseJson(text, MANIFEST_JSON);
  } catch (cause) {
    throw refuse(reasonOf(cause), cause);
  }
  const head = z.looseObject({ format_version: z.unknown().optional(), kind: z.unknown().optional() }).safeParse(json);
  if (!head.success) throw refuse('expected an object');
  checkVersion(head.data.format_version, bundle);
  const kind = head.data.kind ?? 'pyramid';
  const schema = SCHEMAS[kind as keyof typeof SCHEMAS];
  if (!Object.hasOwn(SCHEMAS, String(kind)) || !schema)
    throw refuse(`kind is ${JSON.stringify(kind)}, expected ${Object.keys(SCHEMAS).join(', ')}`);
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw refuse(issueText(firstIssue(parsed.error)));
  checkFileNames(parsed.data, bundle);
  if (parsed.data.kind === 'pyramid') checkGraphsListed(parsed.data, refuse);
  return parsed.data;
}

/**
 * sha256 over the sorted lines `name sha256\n` of `files`, in hexadecimal: every file except model.json itself, so that
 * evaluating a bundle does not change it. The first 8 digits are used in permalinks.
 */
export function bundleHash({ files }: Pick<Manifest, 'files'>): string {
  const lines = Object.entries(files).map(([name, { sha256 }]) => `${name} ${sha256}\n`);
  return createHash('sha256').update(lines.sort().join('')).digest('hex');
}

/** Distinct sides below the last, smallest first: decode.onnx has a preview of each. */
export function previewSides({ levels }: Pick<PyramidManifest, 'levels'>): number[] {
  const last = levels.at(-1)?.side;
  return [...new Set(levels.map(({ side }) => side))].filter((side) => side !== last);
}

function checkVersion(version: unknown, bundle: string): void {
  if (version === FORMAT_VERSION) return;
  const got = version === undefined ? 'none' : JSON.stringify(version).slice(0, 40);
  throw new KandidError('bundle_version', { bundle, got, expected: FORMAT_VERSION });
}

/** Names are untrusted: none may refer to a file outside the bundle's folder. */
function checkFileNames(manifest: Manifest, bundle: string): void {
  const { files } = manifest;
  const more = manifest.kind === 'pyramid' && manifest.prior ? Object.keys(manifest.prior.files) : [];
  for (const file of [...Object.keys(files), ...more]) {
    const parts = file.split('/');
    const safe = parts.every((part) => /^[\w][\w.+ -]*$/.test(part));
    if (!safe || parts.length > 4) throw new KandidError('bundle_file_name', { bundle, file: file.slice(0, 200) });
  }
}

function checkGraphsListed(manifest: PyramidManifest, refuse: (problem: string) => KandidError): void {
  const { graphs, levels, weights, files } = manifest;
  if (graphs.levels.length !== levels.length)
    throw refuse(
      `graphs.levels names ${graphs.levels.length} graphs, expected one for each of the ${levels.length} levels`,
    );
  if (graphs.scores && graphs.scores.length !== levels.length)
    throw refuse(
      `graphs.scores names ${graphs.scores.length} graphs, expected one for each of the ${levels.length} levels`,
    );
  for (const file of [...graphs.levels, ...(graphs.scores ?? []), graphs.decode, weights])
    if (!Object.hasOwn(files, file)) throw refuse(`files lacks "${file}", which the bundle uses`);
  if (manifest.prior) checkPriorListed(manifest, manifest.prior, refuse);
}

function checkPriorListed(
  { levels }: PyramidManifest,
  { weights, sides, descend, files }: PriorManifest,
  refuse: (problem: string) => KandidError,
): void {
  for (const [name, graphs] of Object.entries({ sides, descend })) {
    const lacking = levels.find(({ side }) => !Object.hasOwn(graphs, side));
    if (lacking) throw refuse(`prior.${name} names no graph for the levels of ${lacking.side} px`);
  }
  for (const file of [weights, ...Object.values(descend), ...Object.values(sides)])
    if (!Object.hasOwn(files, file)) throw refuse(`prior.files lacks "${file}", which the prior uses`);
}

function issueText({ field, problem }: FirstIssue): string {
  return `${field}: ${problem}`;
}

/** Bundles with this many bytes of weights or more open their graphs on first use. */
const LARGE = 64 * 2 ** 20;

/** Whether a bundle's graphs are opened on first use. */
export function isLarge({ files, weights }: PyramidManifest): boolean {
  return (files[weights]?.bytes ?? 0) >= LARGE;
}
