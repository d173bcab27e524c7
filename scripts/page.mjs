// Builds the page where it is missing or older than its source, so that `npm ci && npm start` shows it.
// Never a reason for the server not to start: without the page it says what to do.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = [
  'src/web',
  'src/client',
  'src/contract/frames.ts',
  'src/contract/version.ts',
  'src/kit/luma.ts',
  'src/kit/random.ts',
  'src/lab/toy',
  'vite.config.ts',
];
const BUILT = 'dist/web/index.html';

function newest(path) {
  const inside = statSync(path).isDirectory() ? readdirSync(path, { recursive: true }) : [''];
  return Math.max(...inside.map((name) => statSync(join(path, name)).mtimeMs));
}

const isSource = SOURCES.every((path) => existsSync(path));
const isFresh = isSource && existsSync(BUILT) && statSync(BUILT).mtimeMs >= Math.max(...SOURCES.map(newest));
if (isSource && !isFresh)
  try {
    const { build } = await import('vite');
    await build({ logLevel: 'warn' });
  } catch (error) {
    console.error(`The page was not built: ${error.message}`);
  }
