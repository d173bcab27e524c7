/** JSON files beside a network. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { GuideProblem } from '../../src/guide.ts';

/** What a file says; undefined where there is none. @throws GuideProblem where it is no JSON */
export async function readIfThere(path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(() => null);
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GuideProblem(`${basename(path)} of the network is not JSON: copy it again`, { cause });
  }
}
