/** Random pictures of a model, as it finds them likely: drawn by the server, which has the prior. */
import { useEffect, useState } from 'preact/hooks';
import type { ModelAnswer, ResultAnswer } from '../../client/client.ts';
import { client } from './server.ts';

/** Only the codes are used: the pictures come by their permalinks. */
const SIZE = 16;

export interface SamplesOptions {
  readonly count: number;
  /** Other pictures for another turn. @default 0 */
  readonly turn?: number;
}

const drawn = new Map<string, Promise<readonly string[]>>();

/** Code strings, or none until they have arrived; a model's are drawn once for each turn. */
export function useSamples({ name, hash }: ModelAnswer, { count, turn = 0 }: SamplesOptions): readonly string[] {
  const key = `${hash} ${count} ${turn}`;
  const [codes, setCodes] = useState<{ readonly of: string; readonly texts: readonly string[] }>({ of: '', texts: [] });
  useEffect(() => {
    let isCurrent = true;
    const drawing = drawn.get(key) ?? drawCodes(name, count);
    drawn.set(key, drawing);
    drawing
      .then((texts) => isCurrent && setCodes({ of: key, texts }))
      // The view is complete without them; drawn again when it is shown again.
      .catch(() => drawn.delete(key));
    return () => {
      isCurrent = false;
    };
  }, [key]);
  return codes.of === key ? codes.texts : [];
}

async function drawCodes(model: string, count: number): Promise<string[]> {
  const { images } = await client.value.post<ResultAnswer>('/v1/generate', {
    model,
    count,
    format: 'webp',
    size: SIZE,
  });
  return images.flatMap(({ codeString }) => codeString ?? []);
}
