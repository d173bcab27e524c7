/** Transition statistics of a rule, for copies of models/tiny. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Tables of a rule: after choice k comes k + 1; the first is 2. As scripts/latents.py writes them, in F32. */
export function ruleFile(): Buffer {
  const tables = [
    [0, 0, 9, 0],
    ...Array(3).fill(Array.from({ length: 16 }, (_, i) => (i % 4 === (Math.floor(i / 4) + 1) % 4 ? 9 : 0))),
  ];
  let at = 0;
  const header = Object.fromEntries(
    tables.map((table, level) => {
      const from = at;
      at += 4 * table.length;
      return [`transitions.${level}`, { dtype: 'F32', shape: [table.length / 4, 4], data_offsets: [from, at] }];
    }),
  );
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.from(Float32Array.from(tables.flat()).buffer)]);
}

/** Puts transition statistics into a bundle. */
export function giveLatents(folder: string, bytes: Buffer, smoothing: number): void {
  writeFileSync(join(folder, 'latents.safetensors'), bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const about = { file: 'latents.safetensors', sha256, bytes: bytes.length, pictures: 9, smoothing };
  const file = join(folder, 'model.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), latents: about }));
}
