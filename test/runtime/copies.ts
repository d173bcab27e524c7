/** Copies of models/tiny to break. */
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

export const TINY = 'models/tiny';

/** A temporary folder that is removed after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kandid-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The path of a copy of models/tiny, called `tiny` too. */
export async function copyOfTiny(t: TestContext): Promise<string> {
  const folder = join(await temporaryFolder(t), 'tiny');
  await cp(TINY, folder, { recursive: true });
  return folder;
}

// biome-ignore lint/suspicious/noExplicitAny: model.json is broken on purpose, in ways that its type forbids
type Loose = any;

/** Changes model.json. */
export async function editManifest(folder: string, edit: (manifest: Loose) => void): Promise<void> {
  const path = join(folder, 'model.json');
  const manifest = JSON.parse(await readFile(path, 'utf8'));
  edit(manifest);
  await writeFile(path, JSON.stringify(manifest));
}

/** Writes the size and hash of a file into model.json, so that only its content is wrong. */
export async function record(folder: string, file: string): Promise<void> {
  const bytes = (await stat(join(folder, file))).size;
  const sha256 = createHash('sha256')
    .update(await readFile(join(folder, file)))
    .digest('hex');
  await editManifest(folder, (manifest) => {
    manifest.files[file] = { sha256, bytes };
  });
}
