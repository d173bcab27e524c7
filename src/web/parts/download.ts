/** Downloads pictures of codes as files. */
import type { SavedPicture } from '../state/history.ts';
import { keyHeaders } from '../state/server.ts';
import { pictureUrl } from './picture.tsx';
import { saveAs } from './save.ts';

const DOWNLOAD_SIZE = 512;

type Drawn = Pick<SavedPicture, 'model' | 'hash' | 'codeString'>;

/** A PNG from the server. @param size side in pixels. @default the model's own */
export async function pictureFile(saved: Drawn, size?: number): Promise<Blob> {
  const url = pictureUrl({ ...saved, code: saved.codeString, size }, 'png');
  return await (await fetch(url, { headers: keyHeaders() })).blob();
}

export async function downloadPicture(saved: Drawn): Promise<void> {
  saveAs(await pictureFile(saved, DOWNLOAD_SIZE), `kandid-${saved.codeString}.png`);
}
