/** The CLIP of a request: the one that it names, or the first installed one that knows the model's pictures. */
import { type GuideContext, GuideProblem } from '../../../src/guide.ts';
import { type Clip, openClip } from './clip.ts';

/**
 * Opened once per process.
 *
 * @param asked name or path of the CLIP; left out: one of those that the model.json of the model names
 * @throws GuideProblem if none was requested and model.json names none, or none that is installed
 */
export async function sharedClip(asked: string | undefined, context: GuideContext): Promise<Clip> {
  const folder = await folderFor(asked, context);
  return await context.shared(
    `clip ${folder}`,
    () => openClip(folder, context),
    (one) => one.dispose(),
  );
}

async function folderFor(asked: string | undefined, context: GuideContext): Promise<string> {
  const { name, textModels = [] } = context.model;
  if (asked !== undefined) {
    if (!textModels.includes(asked))
      context.note(
        `${asked} is not a text model of ${name} (text_models in its model.json): the words may have no effect`,
      );
    return await context.folder(asked);
  }
  const [first] = textModels;
  if (first === undefined)
    throw new GuideProblem(
      `${name} has no text model, so words cannot steer it: choose a model that takes words, use another guide, or name a CLIP with the parameter "model"; the author of ${name} can list one under text_models in its model.json`,
    );
  if (textModels.length === 1) return await context.folder(first);
  for (const one of textModels) {
    const folder = await context.folder(one).catch(() => null);
    if (folder !== null) return folder;
  }
  throw new GuideProblem(
    `none of the text models of ${name} is installed (${textModels.join(', ')}): fetch one, as with "kandid pull ${first}", or name another CLIP with the parameter "model"`,
  );
}
