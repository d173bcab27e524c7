/** The registry of guides: loads and checks the built-in ones and those in the user's folders. */
import { readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { ParticleSchedule } from '../../contract/particles.ts';
import { particles } from '../../contract/requests.ts';
import { KandidError, reasonOf } from '../../errors.ts';
import { type GuideDefinition, type GuideKit, GuideProblem } from '../../guide.ts';
import { firstIssue } from '../../kit/issues.ts';
import { nameHint } from '../../kit/nearest-names.ts';

/** Description of a guide. */
export interface GuideSummary {
  readonly name: string;
  readonly description: string;
  /** JSON Schema (draft 2020-12) of its parameters. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Descents that it is worth for each result, if it is expensive. @default 1 */
  readonly particles?: ParticleSchedule | undefined;
  /** Whether it is built in, not from a user's folder. */
  readonly isOwn: boolean;
}

/** Folder of the built-in guides: the same relative path from the sources and from the build. */
const OWN_FOLDER = fileURLToPath(new URL('../../../guides/', import.meta.url));

const KIT: GuideKit = { z, GuideProblem };

interface Found {
  readonly definition: GuideDefinition;
  readonly file: string;
  /** Whether it is built in. */
  readonly isOwn: boolean;
}

/** All guides by name. */
export class GuideRegistry {
  readonly #found = new Map<string, Found>();

  private constructor() {}

  /**
   * Loads and checks every guide file (.ts, .js, .mjs; not in subfolders) of the project and of `folders`.
   *
   * @throws {KandidError} file_unreadable (a folder), guide_invalid (a file), guide_duplicate (a name)
   */
  static async load(folders: readonly string[] = [], own: string | null = OWN_FOLDER): Promise<GuideRegistry> {
    const registry = new GuideRegistry();
    const all = new Set([...(own === null ? [] : [own]), ...folders].map((folder) => resolve(folder)));
    const files = (await Promise.all([...all].map(guideFiles))).flat();
    const definitions = await Promise.all(files.map(loadGuide));
    const ownFolder = own === null ? null : resolve(own);
    for (const [i, file] of files.entries())
      registry.#add({ definition: definitions[i] as GuideDefinition, file, isOwn: dirname(file) === ownFolder });
    return registry;
  }

  /** @throws {KandidError} guide_unknown, with the nearest names */
  get(name: string): GuideDefinition {
    const found = this.#found.get(name);
    if (!found) throw new KandidError('guide_unknown', { name, hint: nameHint(name, [...this.#found.keys()]) });
    return found.definition;
  }

  /**
   * Whether a guide is built in: changes that a user's guide makes to its candidates must not affect other requests.
   */
  isOwn(name: string): boolean {
    return this.#found.get(name)?.isOwn ?? false;
  }

  /** All guides, sorted by name. */
  summaries(): GuideSummary[] {
    const sorted = [...this.#found.values()].sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1));
    return sorted.map(({ definition: { name, description, params, particles }, isOwn }) => ({
      name,
      description,
      params: jsonSchemaOf(params),
      ...(particles === undefined ? {} : { particles }),
      isOwn,
    }));
  }

  #add(found: Found): void {
    const { name: guide } = found.definition;
    const first = this.#found.get(guide);
    if (first) throw new KandidError('guide_duplicate', { guide, first: first.file, second: found.file });
    this.#found.set(guide, found);
  }
}

function jsonSchemaOf(params: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(params, { io: 'input', unrepresentable: 'any' });
}

async function guideFiles(folder: string): Promise<string[]> {
  try {
    const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => !entry.isDirectory());
    return names
      .map(({ name }) => name)
      .filter((name) => /\.(ts|js|mjs)$/.test(name) && !/(\.d|\.test|\.config)\.\w+$/.test(name))
      .sort()
      .map((name) => join(folder, name));
  } catch (cause) {
    throw new KandidError('file_unreadable', { file: `Guide folder ${folder}`, reason: reasonOf(cause) }, { cause });
  }
}

/** @throws {KandidError} guide_invalid */
export async function loadGuide(file: string): Promise<GuideDefinition> {
  try {
    const module = (await import(pathToFileURL(file).href)) as { default?: unknown };
    const exported: unknown = module.default;
    return checkedDefinition(typeof exported === 'function' ? exported(KIT) : exported);
  } catch (cause) {
    throw new KandidError('guide_invalid', { file, problem: problemOf(cause, file) }, { cause });
  }
}

function problemOf(thrown: unknown, file: string): string {
  const unknownExtension = thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_UNKNOWN_FILE_EXTENSION';
  if (unknownExtension && file.endsWith('.ts'))
    return `this Node.js (${process.version}) runs no TypeScript; write it as .mjs, or run Kandid through tsx`;
  return reasonOf(thrown);
}

const DEFINITION = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/, 'lower-case letters, digits and underscores, a letter first'),
  description: z.string().min(1),
  params: z.custom<z.ZodType>(
    (value) => typeof value === 'object' && value !== null && 'safeParseAsync' in value && '_zod' in value,
    'a zod schema (version 4)',
  ),
  recorded: z.array(z.string()).optional(),
  particles: particles.optional(),
  create: z.custom<GuideDefinition['create']>((value) => typeof value === 'function', 'a function'),
});

function checkedDefinition(exported: unknown): GuideDefinition {
  const parsed = DEFINITION.safeParse(exported);
  if (!parsed.success) {
    const { field, problem } = firstIssue(parsed.error);
    throw new TypeError(`${field === '(all)' ? 'its default export' : field} is not as expected: ${problem}`);
  }
  const { recorded = [], particles: worth, ...definition } = parsed.data;
  const known = Object.keys(jsonSchemaOf(definition.params).properties ?? {});
  const unknown = recorded.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new TypeError(`recorded names "${unknown}", which is no parameter`);
  return { ...definition, recorded, ...(worth === undefined ? {} : { particles: worth }) };
}
