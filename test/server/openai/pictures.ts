/** Pictures for tests of the Images API. */
import sharp from 'sharp';

const plain = (side: number, background = '#a05030') =>
  sharp({ create: { width: side, height: side, channels: 4, background } });

export async function pngOf(side = 16): Promise<Buffer> {
  return await plain(side).png().toBuffer();
}

/** Its right half is transparent. */
export async function holedOf(side = 16): Promise<Buffer> {
  const hole = await plain(side, '#000000ff')
    .resize(side / 2, side, { fit: 'fill' })
    .png()
    .toBuffer();
  return await plain(side)
    .composite([{ input: hole, left: side / 2, top: 0, blend: 'dest-out' }])
    .png()
    .toBuffer();
}

export function dataUrl(bytes: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
}

/** Metadata of a picture in base64, as read by sharp. */
export async function about(b64: string | undefined) {
  return await sharp(Buffer.from(b64 ?? '', 'base64'), { animated: true }).metadata();
}
