/** Makes the guides of a request. */

import { type CheckedRequest, paramsError } from '../../contract/requests.ts';
import type { Guide, GuideDefinition } from '../../guide.ts';
import { type GuideRequest, type GuideServices, guideContext } from './context.ts';
import type { GuideRegistry } from './registry.ts';
import { AskedGuide, guideError, limited } from './runner.ts';

/** Making a guide may load a network from a cold disk; a question to it may not. */
const MAKING_SECONDS = 300;

/**
 * Makes all guides asked for, or none: where one cannot be made, those made before are freed.
 *
 * @throws {KandidError} guide_unknown, params_invalid, guide_refused, guide_failed, guide_timeout, cancelled, and what
 *   decoding a picture or opening a model throws
 */
export async function makeGuides(
  wanted: CheckedRequest['guides'],
  registry: GuideRegistry,
  services: GuideServices,
  request: GuideRequest,
): Promise<AskedGuide[]> {
  const definitions = wanted.map(({ name }) => registry.get(name));
  const params = await Promise.all(
    wanted.map((guide, i) => parsedParams(definitions[i] as GuideDefinition, guide.params)),
  );
  const made: AskedGuide[] = [];
  try {
    for (const [i, definition] of definitions.entries()) {
      const guide = await makeGuide(definition, params[i], services, request);
      made.push(new AskedGuide(definition.name, guide, services.timeoutSeconds));
      noteIfIdle(definition.name, guide, request);
    }
    return made;
  } catch (error) {
    await Promise.all(made.map((guide) => guide.dispose()));
    throw error;
  }
}

async function parsedParams({ name, params }: GuideDefinition, given: Record<string, unknown>): Promise<unknown> {
  const parsed = await params.safeParseAsync(given).catch((thrown: unknown) => {
    throw guideError(name, thrown);
  });
  if (!parsed.success) throw paramsError(`Guide "${name}"`, parsed.error);
  return parsed.data;
}

async function makeGuide(
  definition: GuideDefinition,
  params: unknown,
  services: GuideServices,
  request: GuideRequest,
): Promise<Guide> {
  const context = guideContext(definition.name, services, request);
  let making: Guide | Promise<Guide> | undefined;
  try {
    return await limited(definition.name, MAKING_SECONDS, request.signal, () => {
      making = definition.create(params, context);
      return making;
    });
  } catch (error) {
    // What was given up on may still come; it is freed then.
    void Promise.resolve(making)
      .then((late) => late?.dispose?.())
      .catch(() => {});
    throw error;
  }
}

/** Tells of a guide that no level of this model will ask. */
function noteIfIdle(name: string, { prefers }: Guide, { info, notes }: GuideRequest): void {
  const { fromSide = 0, toSide = Number.POSITIVE_INFINITY } = prefers ?? {};
  if (info.levels.some(({ side }) => side >= fromSide && side <= toSide)) return;
  const sides = [...new Set(info.levels.map(({ side }) => side))].join(', ');
  notes.push(`${name}: it is never asked, for this model's levels have the sides ${sides}; change fromSide or toSide`);
}
