/** Creates the guides of a request. */

import { type CheckedRequest, paramsError } from '../../contract/requests.ts';
import { FINEST_ASKED } from '../../contract/sides.ts';
import type { Guide, GuideDefinition } from '../../guide.ts';
import { type GuideRequest, type GuideServices, guideContext } from './context.ts';
import type { GuideRegistry } from './registry.ts';
import { GuideRunner, guideError, withTimeLimit } from './runner.ts';

/**
 * Creates all guides of a request, or none: if one fails, those created before it are disposed of.
 *
 * @throws {KandidError} guide_unknown, params_invalid, guide_refused, guide_failed, guide_timeout, cancelled, and the
 * errors of decoding a picture or opening a model
 */
export async function createGuides(
  wanted: CheckedRequest['guides'],
  registry: GuideRegistry,
  services: GuideServices,
  request: GuideRequest,
): Promise<GuideRunner[]> {
  const definitions = wanted.map(({ name }) => registry.get(name));
  const params = await Promise.all(
    wanted.map((guide, i) => parsedParams(definitions[i] as GuideDefinition, guide.params)),
  );
  const created: GuideRunner[] = [];
  try {
    for (const [i, definition] of definitions.entries()) {
      const guide = await createGuide(definition, params[i], services, request);
      const { name } = definition;
      created.push(
        new GuideRunner(name, guide, {
          timeoutSeconds: services.timeoutSeconds,
          isTrusted: registry.isOwn(name),
          finestAsked: request.hasPrior ? FINEST_ASKED : undefined,
        }),
      );
      noteIfInactive(created.at(-1) as GuideRunner, request);
    }
    return created;
  } catch (error) {
    await Promise.all(created.map((guide) => guide.dispose()));
    throw error;
  }
}

/** Parses the parameters of a guide. @throws {KandidError} params_invalid, guide_failed */
export async function parsedParams(
  { name, params }: GuideDefinition,
  given: Record<string, unknown>,
): Promise<unknown> {
  const parsed = await params.safeParseAsync(given).catch((thrown: unknown) => {
    throw guideError(name, thrown);
  });
  if (!parsed.success) throw paramsError(`Guide "${name}"`, parsed.error);
  return parsed.data;
}

async function createGuide(
  definition: GuideDefinition,
  params: unknown,
  services: GuideServices,
  request: GuideRequest,
): Promise<Guide> {
  const context = guideContext(definition.name, services, request);
  let pending: Guide | Promise<Guide> | undefined;
  try {
    return await withTimeLimit(definition.name, services.timeoutSeconds, request.signal, async () => {
      pending = definition.create(params, context);
      const guide = await pending;
      if (typeof guide?.score === 'function') return guide;
      throw new TypeError('its create() gave no object with a function "score"');
    });
  } catch (error) {
    // A guide that arrives after the time limit is disposed of.
    Promise.resolve(pending)
      .then((late) => late?.dispose?.())
      .catch(() => {});
    throw error;
  }
}

/** Adds a note for a guide that is inactive at all levels of this model. */
function noteIfInactive({ name, prefers }: GuideRunner, { info, notes }: GuideRequest): void {
  const { fromSide = 0, toSide = Number.POSITIVE_INFINITY } = prefers;
  if (info.levels.some(({ side }) => side >= fromSide && side <= toSide)) return;
  const sides = [...new Set(info.levels.map(({ side }) => side))].join(', ');
  notes.push(
    `${name}: it is never asked, because this model's levels have the sides ${sides}; change fromSide or toSide`,
  );
}
