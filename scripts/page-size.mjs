// What the first view costs: JavaScript that is loaded before Create is on the screen. Fails above the bar.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';

const BAR_KB = 60;
const OUT = 'dist/web';
const FIRST = ['index.html', 'views/create/create.tsx'];

const manifest = JSON.parse(readFileSync(join(OUT, '.vite/manifest.json'), 'utf8'));
const chunks = new Set();
const add = (name) => {
  if (chunks.has(name)) return;
  chunks.add(name);
  for (const other of manifest[name].imports ?? []) add(other);
};
for (const name of FIRST) add(name);

const kb = (bytes) => bytes / 1000;
let total = 0;
for (const name of chunks) {
  const bytes = readFileSync(join(OUT, manifest[name].file));
  const [gzip, brotli] = [gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length];
  total += gzip;
  console.log(
    `${kb(gzip).toFixed(1).padStart(6)} kB gzip ${kb(brotli).toFixed(1).padStart(6)} kB brotli  ${manifest[name].file}`,
  );
}
console.log(`${kb(total).toFixed(1).padStart(6)} kB gzip in all, of ${BAR_KB} kB that the first view may cost`);
process.exitCode = kb(total) > BAR_KB ? 1 : 0;
