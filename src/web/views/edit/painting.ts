/** A painted layer with undo and redo. */
import { computed, type Signal, signal } from '@preact/signals';
import { BARE, bare, inverted, type Layer, type Place, share, stroked } from './layer.ts';

const MAX_STEPS = 100;

export class Painting {
  readonly layer = signal<Layer>(bare(0));
  /** Diameter of the brush, in dots. */
  readonly size: Signal<number>;
  readonly isErasing = signal(false);
  /** Colour of the brush. */
  readonly value = signal<number>(BARE);
  readonly isEmpty = computed(() => share(this.layer.value) === 0);
  readonly canUndo = computed(() => this.#past.value.length > 0);
  readonly canRedo = computed(() => this.#future.value.length > 0);
  readonly #past = signal<readonly Layer[]>([]);
  readonly #future = signal<readonly Layer[]>([]);

  constructor(value: number, size = 7) {
    this.value.value = value;
    this.size = signal(size);
  }

  /** Resets the layer if its size changes. */
  fit(width: number, height = width): void {
    const before = this.layer.value;
    if (before.width === width && before.height === height) return;
    this.layer.value = bare(width, height);
    [this.#past.value, this.#future.value] = [[], []];
  }

  /** Call before each stroke: an undo restores this state. */
  begin(): void {
    this.#past.value = [...this.#past.value, this.layer.value].slice(-MAX_STEPS);
    this.#future.value = [];
  }

  stroke(from: Place, to: Place): void {
    const value = this.isErasing.value ? BARE : this.value.value;
    this.layer.value = stroked(this.layer.value, from, to, this.size.value, value);
  }

  invert(): void {
    this.begin();
    this.layer.value = inverted(this.layer.value, this.value.value);
  }

  clear(): void {
    this.begin();
    const { width, height } = this.layer.value;
    this.layer.value = bare(width, height);
  }

  undo(): void {
    const before = this.#past.value.at(-1);
    if (!before) return;
    this.#past.value = this.#past.value.slice(0, -1);
    this.#future.value = [...this.#future.value, this.layer.value];
    this.layer.value = before;
  }

  redo(): void {
    const next = this.#future.value.at(-1);
    if (!next) return;
    this.#future.value = this.#future.value.slice(0, -1);
    this.#past.value = [...this.#past.value, this.layer.value];
    this.layer.value = next;
  }
}
