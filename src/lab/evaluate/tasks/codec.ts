/** Codes as a picture format: quality against bits, compared with the smallest files of WebP, JPEG and AVIF. */

import { compactCode } from '../../../engine/tasks/compact.ts';
import type { Picture } from '../../../guide.ts';
import { psnr } from '../../../kit/quality.ts';
import { resample } from '../../../kit/resample.ts';
import { decodePicture, encodePicture, type PictureFormat } from '../../../pictures/codec.ts';
import type { EvaluationContext } from '../context.ts';
import { shrunk } from '../measures/degrade.ts';
import { mean, rounded } from '../measures/figures.ts';
import { cell, SHOWN, type Task } from '../task.ts';

interface Point {
  readonly codec: string;
  readonly bits: number;
  readonly psnr_db: number | null;
  /** Number of levels kept, for codes. */
  readonly levels?: number;
  readonly side?: number;
}

/** File formats for comparison, each at its lowest quality; WebP also of shrunk pictures, a strong baseline. */
const FILES = [
  { codec: 'webp', format: 'webp', shrink: 1 },
  { codec: 'webp, shrunk to half', format: 'webp', shrink: 2 },
  { codec: 'webp, shrunk to a quarter', format: 'webp', shrink: 4 },
  { codec: 'jpeg', format: 'jpeg', shrink: 1 },
  { codec: 'avif', format: 'avif', shrink: 1 },
] as const satisfies readonly { codec: string; format: PictureFormat; shrink: number }[];

/** Pictures per encoder: encoders are slow, and the mean is stable. */
const FILE_PICTURES = 200;
/** Levels in the printed table; the JSON has all. */
const SHOWN_POINTS = 10;

export const codec: Task = {
  name: 'codec',
  title: 'codes as a picture format: quality against bits',
  async run(context) {
    const own = await prefixes(context);
    const others: Point[] = await compactPoints(context);
    for (const file of FILES) others.push(await fileCodec(context, file));
    const step = Math.ceil(own.length / SHOWN_POINTS);
    const shown = own.filter((_, i) => (own.length - 1 - i) % step === 0);
    return {
      metrics: { codec: [...own, ...others] },
      table: {
        header: ['format', 'bits', 'PSNR dB'],
        rows: [...shown, ...others].map((point) => [
          point.levels === undefined ? point.codec : `${point.codec}, ${point.levels} levels`,
          ...[String(Math.round(point.bits)), cell(point.psnr_db)],
        ]),
      },
      sheets: [await sheetOf(context)],
    };
  },
};

/** Quality after each level of the greedy codes, of the enlarged preview: a code may be truncated at any level. */
async function prefixes(context: EvaluationContext): Promise<Point[]> {
  const ended = await context.ceiling();
  let bits = 0;
  return context.network.info.levels.map(({ side, candidateCount }, level) => {
    bits += Math.log2(candidateCount);
    const values = ended.map(({ levels }, i) =>
      psnr(large(levels[level]?.previews[0] as Picture, context.side), context.pictures[i] as Picture),
    );
    return { codec: 'kandid', bits, psnr_db: rounded(mean(values), 2), levels: level + 1, side };
  });
}

/** Mean size in whole bytes of complete codes in compact form, if the model has a prior. */
async function compactPoints(context: EvaluationContext): Promise<Point[]> {
  if (!context.network.prior || context.network.info.condition) return [];
  const opened = await context.engine.models.openReproducible(context.model);
  const ended = (await context.ceiling()).slice(0, FILE_PICTURES);
  const bytes: number[] = [];
  for (const { done } of ended) {
    const text = await compactCode(opened, done.results[0]?.code ?? []);
    bytes.push(Buffer.from(text.slice(text.indexOf('.') + 1), 'base64url').length);
    context.reportProgress(bytes.length, ended.length, 'compact codes');
  }
  const values = ended.map(({ done }, i) => psnr(done.results[0]?.image as Picture, context.pictures[i] as Picture));
  return [{ codec: 'kandid, compact', bits: 8 * mean(bytes), psnr_db: rounded(mean(values), 2) }];
}

function large(picture: Picture, side: number): Picture {
  if (picture.width === side) return picture;
  const to = { height: side, width: side };
  return { ...picture, ...to, data: resample(picture.data, picture, to, 'bilinear-plain') };
}

async function fileCodec(
  context: EvaluationContext,
  { codec: name, format, shrink }: { codec: string; format: PictureFormat; shrink: number },
): Promise<Point> {
  const pictures = context.pictures.slice(0, FILE_PICTURES);
  const files = [];
  for (const [i, picture] of pictures.entries()) {
    files.push(await asFile(picture, format, shrink, context));
    if (i % 20 === 0) context.reportProgress(i, pictures.length, name);
  }
  return {
    codec: name,
    bits: mean(files.map(({ bytes }) => 8 * bytes)),
    psnr_db: rounded(mean(files.map(({ drawn }, i) => psnr(drawn, pictures[i] as Picture))), 2),
  };
}

async function asFile(picture: Picture, format: PictureFormat, shrink: number, context: EvaluationContext) {
  const small = shrink === 1 ? picture : shrunk(picture, Math.max(1, context.side / shrink));
  const bytes = await encodePicture(small, format, { quality: 1 });
  const drawn = large(await decodePicture(bytes, { channels: context.channels }), context.side);
  return { bytes: bytes.length, drawn };
}

async function sheetOf(context: EvaluationContext) {
  const ended = (await context.ceiling()).slice(0, SHOWN);
  const { levels } = context.network.info;
  const shown = [0.25, 0.5, 0.75, 1].map((share) => Math.round(share * levels.length) - 1);
  const rows = await Promise.all(
    ended.map(async ({ levels: events }, i) => {
      const picture = context.pictures[i] as Picture;
      const { drawn } = await asFile(picture, 'webp', 1, context);
      return [picture, ...shown.map((level) => large(events[level]?.previews[0] as Picture, context.side)), drawn];
    }),
  );
  return { name: 'codec', columns: ['picture', ...shown.map((level) => `${level + 1} levels`), 'smallest WebP'], rows };
}
