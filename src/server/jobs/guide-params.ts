/** What guides are given, checked before a job is made of it, by the schemas that /v1/guides shows. */
import { z } from 'zod';
import { paramsError } from '../../contract/requests.ts';
import { KandidError } from '../../errors.ts';
import { nameHint } from '../../kit/nearest-names.ts';
import type { GuideSummary, Work } from '../../worker/messages.ts';

const schemas = new WeakMap<GuideSummary, z.ZodType>();

/**
 * A guide's own schema may ask for more than JSON Schema can say; its process looks at that.
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
    // Of somebody's own guide, in words that zod does not know.
    return z.unknown();
  }
}

/** Pictures are texts in JSON. */
function asJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return 'AAAA';
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, asJson(field)]));
}
