/** The root of the tree: the mean of the candidates of the first level. */
import { useEffect, useRef } from 'preact/hooks';
import type { ModelAnswer } from '../../../client/client.ts';
import { pictureUrl } from '../../parts/picture.tsx';
import { key } from '../../state/server.ts';
import { codeAt } from './place.ts';

export interface MeanProps {
  readonly model: ModelAnswer;
  /** Size of the averaged pictures, the same as in the grid, so that they are fetched once. */
  readonly size: number;
  readonly alt: string;
}

export function Mean({ model, size, alt }: MeanProps) {
  const ref = useRef<HTMLCanvasElement>(null);
  const { hash } = model;
  useEffect(() => {
    let isOver = false;
    void firsts(model, size).then((pictures) => {
      const brush = ref.current?.getContext('2d');
      if (isOver || !brush) return;
      // Running mean: picture n is drawn with opacity 1/n.
      for (const [n, picture] of pictures.entries()) {
        brush.globalAlpha = 1 / (n + 1);
        brush.drawImage(picture, 0, 0, size, size);
      }
    });
    return () => {
      isOver = true;
    };
  }, [hash, size]);
  return <canvas ref={ref} class="picture" width={size} height={size} role="img" aria-label={alt} />;
}

async function firsts(model: ModelAnswer, size: number): Promise<ImageBitmap[]> {
  const { name, hash, levels } = model;
  const headers = key.value ? { authorization: `Bearer ${key.value}` } : {};
  const all = Array.from({ length: levels[0]?.candidates ?? 0 }, async (_, choice) => {
    const url = pictureUrl({ model: name, hash, code: codeAt([choice], model), level: 0, size });
    const answer = await fetch(url, { headers });
    return answer.ok ? [await createImageBitmap(await answer.blob())] : [];
  });
  // Pictures that fail to load are skipped; the grid shows the error.
  return (await Promise.all(all.map((one) => one.catch(() => [])))).flat();
}
