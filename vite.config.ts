/** Builds the page into dist/web, with a compressed copy beside each file. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { defineConfig, type Plugin } from 'vite';

const OUT = 'dist/web';

function compressed(): Plugin {
  return {
    name: 'compressed',
    closeBundle() {
      const files = readdirSync(OUT, { recursive: true }).map((name) => join(OUT, String(name)));
      for (const file of files.filter((name) => /\.(js|css|html|svg)$/.test(name))) {
        const bytes = readFileSync(file);
        writeFileSync(`${file}.br`, brotliCompressSync(bytes));
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      }
    },
  };
}

export default defineConfig({
  root: 'src/web',
  base: './',
  build: {
    outDir: `../../${OUT}`,
    emptyOutDir: true,
    target: 'es2022',
    manifest: true,
    // Everything is a file of its own: the page's policy takes nothing inline.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [compressed()],
});
