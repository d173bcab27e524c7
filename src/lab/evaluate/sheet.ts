/** Contact sheets as PNG. */

import type { Picture } from '../../guide.ts';
import { resample } from '../../kit/resample.ts';
import { encodePicture } from '../../pictures/codec.ts';
import { enlarged, mosaic } from '../../pictures/mosaic.ts';
import { loadSharp } from '../../pictures/sharp.ts';
import type { Sheet } from './task.ts';

const SHOWN_SIDE = 128;
const GAP = 4;
const HEADING = 24;

/** Lines of a caption that fit under a picture. */
const CAPTION_LINES = 4;
const LINE = 12;
const LETTERS = 24;

/** A sheet of enlarged pictures under the names of its columns. */
export async function drawSheet({ columns, rows, captions }: Sheet): Promise<Uint8Array> {
  const below = captions ? CAPTION_LINES * LINE : 0;
  const cells = rows.flat().map((picture) => padded(shown(picture), below));
  const whole = mosaic(cells, { columns: columns.length, gap: GAP });
  const body = await encodePicture(whole, 'png');
  const sharp = await loadSharp();
  const words = captions?.map((text, i) => captionSvg(text, i, columns.length, SHOWN_SIDE + below)) ?? [];
  const heading = svg([...columns.map(headingText), ...words], whole.width, whole.height + HEADING);
  return await sharp(body)
    .extend({ top: HEADING, background: '#ffffff' })
    .composite([{ input: Buffer.from(heading), left: 0, top: 0 }])
    .png()
    .toBuffer();
}

function shown(picture: Picture): Picture {
  const factor = Math.max(1, Math.round(SHOWN_SIDE / picture.width));
  const large = enlarged(picture, factor);
  if (large.width === SHOWN_SIDE) return large;
  const to = { height: SHOWN_SIDE, width: SHOWN_SIDE };
  return { ...large, ...to, data: resample(large.data, large, to, 'bilinear-plain') };
}

function padded(picture: Picture, below: number): Picture {
  if (below === 0) return picture;
  const { data, channels, width, height } = picture;
  const size = width * (height + below);
  const tall = new Float32Array(channels * size).fill(1);
  for (let channel = 0; channel < channels; channel++)
    tall.set(data.subarray(channel * width * height, (channel + 1) * width * height), channel * size);
  return { data: tall, channels, width, height: height + below };
}

function svg(texts: readonly string[], width: number, height: number): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="13">${texts.join('')}</svg>`;
}

function headingText(column: string, i: number): string {
  const centre = i * (SHOWN_SIDE + GAP) + SHOWN_SIDE / 2;
  return `<text x="${centre}" y="17" text-anchor="middle">${escaped(column)}</text>`;
}

function captionSvg(text: string, index: number, columns: number, cellHeight: number): string {
  const left = (index % columns) * (SHOWN_SIDE + GAP);
  const top = HEADING + Math.floor(index / columns) * (cellHeight + GAP) + SHOWN_SIDE;
  const lines = wrapped(text).slice(0, CAPTION_LINES);
  const spans = lines.map((line, i) => `<tspan x="${left}" y="${top + (i + 1) * LINE - 2}">${escaped(line)}</tspan>`);
  return `<text font-size="10">${spans.join('')}</text>`;
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LETTERS) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
