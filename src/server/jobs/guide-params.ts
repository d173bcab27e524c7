/** Checks the parameters of guides, before a job is created, against the schemas that /v1/guides publishes. */
import { z } from 'zod';
import { paramsError } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import { nameHint } from '../../kit/nearest-names.ts';
import type { GuideSummary, Work } from '../../worker/messages.ts';

const schemas = new WeakMap<GuideSummary, z.ZodType>();

/**
 * A guide's own schema may be stricter than JSON Schema can express; its worker process checks the rest.
 *
 * @throws {KandidError} guide_unknown, params_invalid
 */
export function checkGuideParams(work: Work, known: readonly GuideSummary[]): void {
  if (work.kind !== 'generate') return;
  for (const { name, params = {} } of work.request.guides ?? []) {
    const guide = known.find((one) => one.name === name);
    if (!guide) {
      const hint = nameHint(
        name,
        known.map((one) => one.name),
      );
      throw new KandidError('guide_unknown', { name, hint });
    }
    const parsed = schemaOf(guide).safeParse(asJson(params));
    if (!parsed.success) throw paramsError(`Guide "${name}"`, parsed.error);
  }
}

function schemaOf(guide: GuideSummary): z.ZodType {
  const made = schemas.get(guide) ?? schemaFrom(guide);
  schemas.set(guide, made);
  return made;
}

function schemaFrom({ params }: GuideSummary): z.ZodType {
  try {
    return z.fromJSONSchema(params);
  } catch {
    // A user's guide with a schema that zod cannot convert.
    return z.unknown();
  }
}

/** Replaces pictures with a string, as in JSON. */
function asJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return 'AAAA';
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, asJson(field)]));
}
