/** Programs of this project as processes of their own: compiled where the tests are, otherwise through tsx. */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

const extension = extname(import.meta.url);

/** Options of Node.js that they need. */
export const NODE_OPTIONS: readonly string[] = extension === '.ts' ? ['--import', 'tsx'] : [];

/** Path of a program, named from the root of the project without its extension. */
export const program = (name: string): string => fileURLToPath(new URL(`../${name}${extension}`, import.meta.url));

/** Arguments of Node.js that run the command line with these words. */
export const commandLine = (...words: readonly string[]): string[] => [...NODE_OPTIONS, program('src/main'), ...words];
