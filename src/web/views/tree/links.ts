/** Links to nodes of the tree, and to their pictures in Create. */
import type { ModelAnswer } from '../../../client/client.ts';
import { EMPTY } from '../../state/recipe.ts';
import { addressOf } from '../../state/router.ts';
import { shareUrl } from '../../state/share.ts';
import { finishedAt, type Path } from './place.ts';

export function addressOfPlace(model: string, path: Path): string {
  return addressOf('tree', { model, ...(path.length > 0 ? { at: path.join('.') } : {}) });
}

/** URL of a finished picture below the node in Create, with the node's choices as prefix. */
export function inCreate(path: Path, model: ModelAnswer): string {
  const { name, hash } = model;
  const recipe = { ...EMPTY, model: name, ...(path.length > 0 ? { prefix: path } : {}) };
  return shareUrl({ model: name, hash, codeString: finishedAt(path, model), recipe });
}
