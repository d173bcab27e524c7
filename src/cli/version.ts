import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../config.ts';

/** Version of the installed package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string };
  return version;
}
