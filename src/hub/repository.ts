/** A repository on the hub: which files it has, their sizes and hashes. */
import { z } from 'zod';
import { KandidError } from '../errors.ts';
import { type Connection, hubError } from './connection.ts';

export interface RemoteFile {
  /** Inside the repository. */
  readonly path: string;
  readonly url: string;
  /** Null where it is not known before it is fetched. */
  readonly bytes: number | null;
  /** sha256 of the content, of large files; null where the hub does not tell. */
  readonly sha256: string | null;
  /** sha1 of a git blob of the content, of small files. */
  readonly gitBlob: string | null;
}

export interface Repository {
  readonly name: string;
  /** The commit that the revision stands for. */
  readonly commit: string;
  /** What its card says; null where it says nothing. */
  readonly licence: string | null;
  readonly files: readonly RemoteFile[];
}

const MAX_JSON = 16 * 2 ** 20;
const MAX_PAGES = 50;

const about = z.looseObject({
  sha: z.string().regex(/^[0-9a-f]{7,64}$/),
  cardData: z.looseObject({ license: z.unknown().optional() }).nullish(),
});

const entries = z.array(
  z.looseObject({
    type: z.string(),
    path: z.string().max(1000),
    size: z.int().min(0).optional(),
    oid: z.string().optional(),
    lfs: z.looseObject({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int().min(0) }).optional(),
  }),
);

const NAME = /^[\w.-]{1,96}\/[\w.-]{1,96}$/;

/**
 * Asks what a repository has at a revision.
 *
 * @param name OWNER/NAME
 * @throws {KandidError} option_invalid, hub_failed, hub_refused, hub_missing
 */
export async function openRepository(
  connection: Connection,
  name: string,
  revision: string,
  signal?: AbortSignal,
): Promise<Repository> {
  if (!NAME.test(name) || !/^[\w./-]{1,200}$/.test(revision) || `${name}/${revision}`.includes('..'))
    throw new KandidError('option_invalid', { option: 'name', got: `"${name}@${revision}"`, expected: 'OWNER/NAME' });
  const { endpoint } = connection.settings;
  const address = `${endpoint}/api/models/${name}/revision/${encodeURIComponent(revision)}`;
  const described = about.safeParse((await connection.json(address, MAX_JSON, signal)).value);
  if (!described.success) throw hubError(new Error('its answer is not that of a hub'), address);
  const { sha: commit, cardData } = described.data;
  const licence = typeof cardData?.license === 'string' ? cardData.license.slice(0, 200) : null;
  return { name, commit, licence, files: await listFiles(connection, name, commit, signal) };
}

async function listFiles(connection: Connection, name: string, commit: string, signal?: AbortSignal) {
  const { endpoint } = connection.settings;
  const files: RemoteFile[] = [];
  let page: string | null = `${endpoint}/api/models/${name}/tree/${commit}?recursive=true`;
  for (let i = 0; page !== null && i < MAX_PAGES; i++) {
    const { value, next } = await connection.json(page, MAX_JSON, signal);
    const listed = entries.safeParse(value);
    if (!listed.success) throw hubError(new Error('its list of files is not that of a hub'), page);
    // A name that leads out of the folder is no file of a model.
    for (const { type, path, size, oid, lfs } of listed.data)
      if (type === 'file' && path.split('/').every((part) => /^[\w][\w.+ -]*$/.test(part)))
        files.push({
          path,
          url: `${endpoint}/${name}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`,
          bytes: lfs?.size ?? size ?? null,
          sha256: lfs?.oid ?? null,
          gitBlob: lfs ? null : (oid ?? null),
        });
    page = next === null ? null : new URL(next, page).href;
  }
  return files;
}
