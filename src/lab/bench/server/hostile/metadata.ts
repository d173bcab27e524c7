/** Files with a picture's signature and random chunks: wrong lengths, unterminated packets, very many chunks. */
import { Random } from '../../../../kit/random.ts';
import { damaged, pick } from './chance.ts';

const MADE = '{"kandid":"0","model":"tiny","hash":"00","code":"AA"}';
const PACKETS: readonly ((random: Random) => string)[] = [
  () => `<kandid:made>${MADE}</kandid:made>`,
  (random) => '<kandid:made>'.repeat(1 + random.integer(5000)),
  (random) => `${'<kandid:made>'.repeat(1 + random.integer(500))}</kandid:made>`,
  (random) => `<kandid:made>${'['.repeat(random.integer(20_000))}</kandid:made>`,
  (random) => `<kandid:made>${'&amp;'.repeat(random.integer(20_000))}</kandid:made>`,
  (random) => MADE.repeat(random.integer(500)),
  () => '',
];
const MAX_CHUNKS = 5000;

type Format = (random: Random, parts: readonly Buffer[]) => Buffer;

/** Sometimes a wrong length. */
const lengthOf = (random: Random, { length }: Buffer, most: number) =>
  random.integer(20) === 0 ? random.integer(most) : Math.min(length, most);

const png: Format = (random, parts) => {
  const chunks = parts.map((data) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(lengthOf(random, data, 2 ** 32 - 1));
    const head = pick(random, ['iTXtkandid\0\0\0\0\0', 'tEXtkandid\0', 'IDAT', 'iTXtother\0']);
    return Buffer.concat([length, Buffer.from(head, 'latin1'), data, Buffer.alloc(4)]);
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(25), ...chunks]);
};

const jpeg: Format = (random, parts) => {
  const segments = parts.map((data) => {
    const marked = Buffer.concat([Buffer.from(pick(random, ['http://ns.adobe.com/xap/1.0/\0', '']), 'latin1'), data]);
    const head = Buffer.from([0xff, pick(random, [0xe1, 0xe0, 0xfe, 0xda, 0x00]), 0, 0]);
    head.writeUInt16BE(lengthOf(random, Buffer.alloc(marked.length + 2), 0xffff), 2);
    return Buffer.concat([head, marked]);
  });
  return Buffer.concat([Buffer.from([0xff, 0xd8]), ...segments]);
};

const webp: Format = (random, parts) => {
  const chunks = parts.map((data) => {
    const head = Buffer.alloc(8);
    head.write(pick(random, ['XMP ', 'VP8X', 'VP8L', 'EXIF', '\0\0\0\0']), 'latin1');
    head.writeUInt32LE(lengthOf(random, data, 2 ** 32 - 1), 4);
    return Buffer.concat([head, data, Buffer.alloc(data.length & 1)]);
  });
  return Buffer.concat([Buffer.from('RIFF\0\0\0\0WEBP', 'latin1'), ...chunks]);
};

const FORMATS: readonly Format[] = [png, jpeg, webp];

export function* metadata(seed: number, count: number): Generator<Buffer, void, undefined> {
  for (let i = 0; i < count; i++) {
    const random = Random.of(seed, i);
    const isCrowd = random.integer(20) === 0;
    const parts = Array.from({ length: isCrowd ? random.integer(MAX_CHUNKS) : 1 + random.integer(4) }, () =>
      isCrowd ? Buffer.alloc(0) : Buffer.from(pick(random, PACKETS)(random)),
    );
    const file = pick(random, FORMATS)(random, parts);
    yield random.integer(3) === 0 ? damaged(random, file) : file;
  }
}
