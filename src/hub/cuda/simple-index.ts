/** A package index (PEP 503 and 691): where a wheel is, and which hash the index says it has. */
import { z } from 'zod';
import { KandidError } from '../../errors.ts';
import { type Connection, hubError } from '../connection.ts';
import type { RemoteFile } from '../repository.ts';
import type { LockedWheel } from './lock.ts';

const MAX_PAGE = 64 * 2 ** 20;
const JSON_TYPE = 'application/vnd.pypi.simple.v1+json';
const ACCEPT = `${JSON_TYPE}, text/html;q=0.5`;

interface Listed {
  readonly file: string;
  readonly url: string;
  /** Null where the index does not tell. */
  readonly sha256: string | null;
}

const page = z.looseObject({
  files: z.array(
    z.looseObject({ filename: z.string(), url: z.string(), hashes: z.record(z.string(), z.string()).default({}) }),
  ),
});

/**
 * Asks the index for a locked wheel.
 *
 * @throws {KandidError} hub_failed, hub_missing, hub_refused; wheel_unavailable if it is not listed, wheel_changed if the
 * index has another one of this name
 */
export async function findWheel(connection: Connection, wheel: LockedWheel, signal?: AbortSignal): Promise<RemoteFile> {
  const address = `${connection.settings.endpoint}/${wheel.name}/`;
  const listed = await listedAt(connection, address, signal);
  const found = listed.find(({ file }) => file === wheel.file);
  if (!found) throw new KandidError('wheel_unavailable', { file: wheel.file, reason: `${address} does not list it` });
  if (found.sha256 !== null && found.sha256 !== wheel.sha256)
    throw new KandidError('wheel_changed', {
      file: wheel.file,
      got: `${address} lists it with sha256 ${found.sha256}`,
      expected: wheel.sha256,
    });
  return { path: wheel.file, url: found.url, bytes: wheel.bytes, sha256: wheel.sha256, gitBlob: null };
}

async function listedAt(connection: Connection, address: string, signal?: AbortSignal): Promise<Listed[]> {
  const { text, type, url } = await connection.text(address, { mostBytes: MAX_PAGE, accept: ACCEPT }, signal);
  if (!/json/.test(type)) return anchorsOf(text, url);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw hubError(cause, address);
  }
  const parsed = page.safeParse(json);
  if (!parsed.success) throw hubError(new Error('its answer is not that of a package index'), address);
  return parsed.data.files.map(({ filename, url: to, hashes }) => ({
    file: filename,
    url: new URL(to, url).href,
    sha256: hashes.sha256?.toLowerCase() ?? null,
  }));
}

/** Links of a page for browsers, which older indexes have only. */
export function anchorsOf(html: string, base: string): Listed[] {
  return [...html.matchAll(/<a\b[^>]*?\shref\s*=\s*(?:"([^"]*)"|'([^']*)')[^>]*>([^<]*)<\/a>/gi)].map((found) => {
    const url = new URL((found[1] ?? found[2] ?? '').replaceAll('&amp;', '&'), base);
    const sha256 = /^#sha256=([0-9a-f]{64})/i.exec(url.hash)?.[1]?.toLowerCase() ?? null;
    url.hash = '';
    return { file: (found[3] ?? '').trim(), url: url.href, sha256 };
  });
}
