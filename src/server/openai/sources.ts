/** Fetches pictures of a request that are given by address. */
import type { z } from 'zod';
import { type DownloadOptions, download } from '../http/download.ts';
import type { RawCall } from '../http/route.ts';
import type { editBody } from './schemas.ts';

type EditBody = z.output<typeof editBody>;
type Source = EditBody['images'][number];

/** An edit with all pictures fetched. */
export type Edit = Omit<EditBody, 'images' | 'mask'> & {
  readonly images: readonly Uint8Array[];
  readonly mask: Uint8Array | undefined;
};

/**
 * Calls `use` with an edit whose pictures are fetched. Until its body is released, they count against the client's byte
 * budget.
 *
 * @throws {KandidError} params_invalid (an address that is not allowed or not available), *bytes_full, and what `use`
 * throws
 */
export async function withSources<Call extends RawCall & { readonly body: EditBody }>(
  call: Call,
  use: (call: Omit<Call, 'body'> & { readonly body: Edit }) => Promise<void>,
): Promise<void> {
  const { services, client, response, body } = call;
  const lease = services.intake.budget.lease(client.name);
  const left = new AbortController();
  const leave = () => left.abort();
  response.once('close', leave);
  const fetched = (source: Source, field: string): Promise<Uint8Array> | Uint8Array => {
    const options: DownloadOptions = { settings: services.settings, field, lease, signal: left.signal };
    return source instanceof Uint8Array ? source : download(source.url, options);
  };
  const releaseBody = () => {
    lease.release();
    call.releaseBody();
  };
  try {
    const images: Uint8Array[] = [];
    for (const [i, source] of body.images.entries()) images.push(await fetched(source, `images.${i}.image_url`));
    const mask = body.mask && (await fetched(body.mask, 'mask.image_url'));
    await use({ ...call, body: { ...body, images, mask }, releaseBody });
  } finally {
    response.off('close', leave);
    lease.release();
  }
}
