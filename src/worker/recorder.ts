/** Records the descents of a job whose results are animations. */
import type { LevelEvent } from '../engine/search/events.ts';
import type { Picture } from '../guide.ts';
import type { PlaneSize } from '../kit/resample.ts';
import { type AnimationFormat, type FramePixels, framePixels, joinFrames, packedFrame } from '../pictures/animation.ts';
import { fittedSize } from '../pictures/codec.ts';
import type { Animation, EncodedPicture, Output } from './messages.ts';
import { mimeOf } from './picture-files.ts';

export class DescentRecorder {
  readonly #animation: Animation;
  readonly #output: Output;
  /** Frames of each result as 8-bit pixels: a quarter of the engine's memory for them. */
  readonly #frames: (readonly FramePixels[])[] = [];
  #notes: readonly string[] = [];

  constructor(animation: Animation, output: Output) {
    this.#animation = animation;
    this.#output = output;
  }

  /** Notes for the response. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Keeps the pictures of a level that becomes a frame; the last frame is the finished picture itself. */
  record({ level, levels, previews }: LevelEvent): void {
    const { frames = levels } = this.#animation;
    if (level === 0 && frames > levels)
      this.#notes = [`${frames} frames were asked for; the model has ${levels} levels: there is one of each.`];
    if (level === levels - 1 || !framesOf(levels, frames).includes(level)) return;
    for (const [index, picture] of previews.entries())
      this.#frames[index] = [...this.#framesBefore(index), framePixels(picture)];
  }

  /** Number of pixels of a result's animation. */
  pixels(picture: PlaneSize, index: number): number {
    const { width, height } = fittedSize(picture, this.#output.size);
    return width * height * this.#framesBefore(index).length;
  }

  /** Encodes the animation of one result, which ends with the finished picture. */
  async encoded(picture: Picture, index: number, xmp: string): Promise<EncodedPicture> {
    const { format, quality, size: longer } = this.#output;
    const size = fittedSize(picture, longer);
    const frames = [...this.#framesBefore(index), framePixels(picture)];
    // The job was cancelled before there were two frames.
    const shown = frames.length > 1 ? frames : [...frames, ...frames];
    const packed: Buffer[] = [];
    for (const frame of shown) packed.push(await packedFrame(frame, size));
    const delays = shown.map(() => this.#animation.frameMs);
    const bytes = await joinFrames(packed, format as AnimationFormat, { delays, quality, xmp });
    return { bytes, mime: mimeOf(format), ...size };
  }

  #framesBefore(index: number): readonly FramePixels[] {
    return this.#frames[index] ?? [];
  }
}

/** `frames` levels, evenly spread and including the last. */
function framesOf(levels: number, frames: number): number[] {
  const count = Math.min(levels, frames);
  return Array.from({ length: count }, (_, i) => Math.round(((i + 1) * levels) / count) - 1);
}
