/** WebSocket frames, valid (RFC 6455) and with random header bits. */
import { Random } from '../../../../kit/random.ts';
import { damaged, pick } from './chance.ts';
import { shapes } from './shapes.ts';

const TEXT = 1;
const OPCODES = [0, TEXT, TEXT, TEXT, 2, 3, 7, 8, 9, 10, 15];

export function* frames(seed: number, count: number): Generator<Buffer, void, undefined> {
  const texts = shapes(seed, count);
  for (let i = 0; i < count; i++) {
    const random = Random.of(seed, i, 1);
    const body = texts.next().value ?? Buffer.alloc(0);
    const payload = random.integer(2) === 0 ? asMessage(random, body) : damaged(random, body);
    yield frameOf(random, payload);
  }
}

/** A client message: a request, or another message of the protocol. */
function asMessage(random: Random, body: Buffer): Buffer {
  const type = pick(random, ['generate', 'generate', 'attach', 'cancel', 'choose', 'weights', 'ping', 'nonsense']);
  const head = `{"type":"${type}","id":"m${random.integer(5)}","picks":[0],"question":0,"job":"j"`;
  if (type !== 'generate') return Buffer.from(`${head}}`);
  const fields = body.toString().trim().replace(/^\{/, '');
  return Buffer.from(`{"type":"generate","id":"m${random.integer(5)}",${fields}`);
}

function frameOf(random: Random, payload: Buffer): Buffer {
  const isRight = random.integer(2) === 0;
  const first = isRight ? 0x80 | TEXT : (random.integer(16) << 4) | pick(random, OPCODES);
  const isMasked = isRight || random.integer(4) > 0;
  const claimed = isRight || random.integer(4) > 0 ? payload.length : random.integer(2 ** 31);
  const mask = Buffer.from(Array.from({ length: 4 }, () => random.integer(256)));
  const data = isMasked ? payload.map((byte, i) => byte ^ (mask[i & 3] as number)) : payload;
  return Buffer.concat([Buffer.from([first]), lengthOf(claimed, isMasked), ...(isMasked ? [mask] : []), data]);
}

/** Payload length in 7, 16 or 64 bits. */
function lengthOf(length: number, isMasked: boolean): Buffer {
  const bit = isMasked ? 0x80 : 0;
  if (length < 126) return Buffer.from([bit | length]);
  const bytes = Buffer.alloc(length < 2 ** 16 ? 3 : 9);
  bytes[0] = bit | (length < 2 ** 16 ? 126 : 127);
  if (length < 2 ** 16) bytes.writeUInt16BE(length, 1);
  else bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}
