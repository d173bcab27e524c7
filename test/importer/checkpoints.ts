/** Small checkpoints of the published form (scripts/make/published_fixtures.py), and what plain PyTorch makes of them. */
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type Checkpoint, readCheckpoint } from '../../src/importer/checkpoint.ts';
import { type ImportOptions, importCheckpoint } from '../../src/importer/import.ts';

export type Fixture = 'small-ramp' | 'small-color';

interface Expected {
  /** Of each level, [K, 3, side, side]. */
  readonly candidates: readonly (readonly number[])[];
  readonly image: readonly number[];
}

export interface FixtureValues {
  readonly code: readonly number[];
  readonly condition: readonly number[] | null;
  readonly full: Expected;
  readonly half: Expected;
}

const FOLDER = 'test/fixtures/checkpoints';

let scratch: Promise<string> | undefined;
let count = 0;

/** A folder of this test file's own. */
export function scratchFolder(): Promise<string> {
  scratch ??= mkdtemp(join(tmpdir(), 'kandid-import-'));
  return scratch;
}

after(async () => {
  if (scratch) await rm(await scratch, { recursive: true, force: true });
});

export async function fixtureBytes(name: Fixture): Promise<Buffer> {
  return gunzipSync(await readFile(`${FOLDER}/${name}.pkl.gz`));
}

export async function fixtureValues(name: Fixture): Promise<FixtureValues> {
  return JSON.parse(await readFile(`${FOLDER}/${name}.json`, 'utf8')) as FixtureValues;
}

/** A file of these bytes. */
export async function fileOf(bytes: Uint8Array): Promise<string> {
  count += 1;
  const path = join(await scratchFolder(), `${count}.pkl`);
  await writeFile(path, bytes);
  return path;
}

/** What the file of these bytes is read as. @throws {CheckpointProblem} */
export async function checkpointOf(bytes: Uint8Array): Promise<Checkpoint> {
  const file = openSync(await fileOf(bytes), 'r');
  try {
    return readCheckpoint(file, bytes.length);
  } finally {
    closeSync(file);
  }
}

/** Imports the file of these bytes into a folder of its own. */
export async function imported(bytes: Uint8Array, options: Partial<ImportOptions> = {}) {
  const path = await fileOf(bytes);
  const models = join(await scratchFolder(), `models-${count}`);
  const licence = { weights: 'MIT', data: 'none', attribution: '' };
  return await importCheckpoint(path, { name: 'mine', models, licence, command: 'a test', ...options });
}
