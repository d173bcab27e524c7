/** XMP packets of JPEG and WebP files, put in and read without touching the pixels. */

const JPEG_MARK = Buffer.from('http://ns.adobe.com/xap/1.0/\0', 'latin1');
/** A JPEG segment's length is 16 bits and counts itself. */
const MOST_SEGMENT = 0xffff - 2;
/** Segments of a JPEG, or chunks of a WebP, that are looked at: whatever has more is no picture that somebody wants read. */
const MOST_PARTS = 10_000;
const WEBP_XMP_FLAG = 0x04;
const WEBP_ALPHA_FLAG = 0x10;

/** The file as it is where the packet is too long for it. */
export function withJpegXmp(jpeg: Uint8Array, packet: string): Uint8Array {
  const data = Buffer.concat([JPEG_MARK, Buffer.from(packet)]);
  if (data.length > MOST_SEGMENT) return jpeg;
  const head = Buffer.from([0xff, 0xe1, 0, 0]);
  head.writeUInt16BE(data.length + 2, 2);
  // Behind the start of the image and a JFIF header, which readers expect first.
  const at = jpeg[2] === 0xff && jpeg[3] === 0xe0 ? 4 + (((jpeg[4] as number) << 8) | (jpeg[5] as number)) : 2;
  return Buffer.concat([jpeg.subarray(0, at), head, data, jpeg.subarray(at)]);
}

export function jpegXmp(jpeg: Uint8Array): string | null {
  const view = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.byteLength);
  let at = 2;
  for (let parts = 0; parts < MOST_PARTS && at + 4 <= view.length; parts++) {
    if (view[at] !== 0xff || view[at + 1] === 0xda) return null;
    const end = at + 2 + view.readUInt16BE(at + 2);
    const data = view.subarray(at + 4, end);
    if (view[at + 1] === 0xe1 && data.subarray(0, JPEG_MARK.length).equals(JPEG_MARK))
      return data.toString('utf8', JPEG_MARK.length);
    at = end;
  }
  return null;
}

export function withWebpXmp(webp: Uint8Array, packet: string, size: { width: number; height: number }): Uint8Array {
  const chunks = [...webpChunks(webp)];
  const [first] = chunks;
  const flags = (first?.name === 'VP8X' ? (first.data[0] as number) : alphaFlag(chunks)) | WEBP_XMP_FLAG;
  const extended = Buffer.alloc(10);
  extended[0] = flags;
  extended.writeUIntLE(size.width - 1, 4, 3);
  extended.writeUIntLE(size.height - 1, 7, 3);
  const others = chunks.filter(({ name }) => name !== 'VP8X' && name !== 'XMP ');
  const body = [{ name: 'VP8X', data: extended }, ...others, { name: 'XMP ', data: Buffer.from(packet) }];
  const payload = Buffer.concat([Buffer.from('WEBP'), ...body.map(({ name, data }) => chunkOf(name, data))]);
  return chunkOf('RIFF', payload);
}

/** Null where there is none, or it is longer. */
export function webpXmp(webp: Uint8Array, mostBytes: number): string | null {
  for (const { name, data } of webpChunks(webp))
    if (name === 'XMP ') return data.length <= mostBytes ? data.toString('utf8') : null;
  return null;
}

interface Chunk {
  readonly name: string;
  readonly data: Buffer;
}

function* webpChunks(webp: Uint8Array): Generator<Chunk> {
  const view = Buffer.from(webp.buffer, webp.byteOffset, webp.byteLength);
  for (let at = 12, parts = 0; parts < MOST_PARTS && at + 8 <= view.length; parts++) {
    const length = view.readUInt32LE(at + 4);
    yield { name: view.toString('latin1', at, at + 4), data: view.subarray(at + 8, at + 8 + length) };
    at += 8 + length + (length & 1);
  }
}

/** Of a lossless picture: the bit behind its two lengths of 14 bits. */
function alphaFlag(chunks: readonly Chunk[]): number {
  const lossless = chunks.find(({ name }) => name === 'VP8L');
  const hasAlpha = lossless ? ((lossless.data[4] ?? 0) & 0x10) !== 0 : chunks.some(({ name }) => name === 'ALPH');
  return hasAlpha ? WEBP_ALPHA_FLAG : 0;
}

function chunkOf(name: string, data: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(name, 'latin1');
  head.writeUInt32LE(data.length, 4);
  return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
}
