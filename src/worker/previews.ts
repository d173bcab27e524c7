/**
 * Sends previews of one job's levels: the latest only, and no faster than they are taken; or exactly the requested
 * levels.
 */

import type { LevelEvent } from '../engine/search/events.ts';
import type { Picture } from '../guide.ts';
import type { Clock } from '../kit/clock.ts';
import type { EncodedPicture, JobPreview, Previews } from './messages.ts';

export interface PreviewerOptions {
  readonly spec: Previews;
  readonly clock: Clock;
  readonly encode: (picture: Picture) => Promise<EncodedPicture>;
  readonly post: (event: JobPreview) => void;
  /** A picture could not be encoded; previews are optional, so the job continues. */
  readonly onError: (error: unknown) => void;
}

export class Previewer {
  readonly #options: PreviewerOptions;
  readonly #intervalMs: number;
  #pending: LevelEvent | null = null;
  #encoding: Promise<void> | null = null;
  /** Encodes the requested levels one after the other. */
  #asked: Promise<void> = Promise.resolve();
  /** The last level shown, and the last one taken. */
  #shown = -1;
  #taken = -1;
  #nextAt = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | null = null;
  #closed = false;

  constructor(options: PreviewerOptions) {
    this.#options = options;
    this.#intervalMs = 1000 / options.spec.perSecond;
  }

  /** Shows a level, in place of one that was not shown yet. */
  show(event: LevelEvent): void {
    const { levels } = this.#options.spec;
    if (!levels) {
      this.#pending = event;
      this.#step();
    } else if (levels.includes(event.level)) this.#asked = this.#asked.then(() => this.#encode(event, true));
  }

  /** The previews of this level were taken. */
  taken(level: number): void {
    this.#taken = Math.max(this.#taken, level);
    this.#step();
  }

  /** Shows nothing more; resolves when previews in progress are posted. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#pending = null;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    await Promise.all([this.#encoding, this.#asked]);
  }

  #step(): void {
    const event = this.#pending;
    if (this.#closed || this.#encoding || !event || this.#taken < this.#shown || this.#cancelTimer) return;
    const { clock } = this.#options;
    const wait = this.#nextAt - clock.now();
    if (wait > 0) {
      this.#cancelTimer = clock.after(wait, () => {
        this.#cancelTimer = null;
        this.#step();
      });
      return;
    }
    this.#pending = null;
    this.#shown = event.level;
    this.#nextAt = clock.now() + this.#intervalMs;
    this.#encoding = this.#encode(event, false).then(() => {
      this.#encoding = null;
      this.#step();
    });
  }

  async #encode({ level, side, choices, previews }: LevelEvent, kept: boolean): Promise<void> {
    const { spec, encode, post, onError } = this.#options;
    try {
      for (const [image, picture] of previews.slice(0, spec.images).entries()) {
        const encoded = await encode(picture);
        post({ type: 'preview', image, level, side, choice: choices[image] as number, kept, ...encoded });
      }
    } catch (error) {
      onError(error);
    }
  }
}
