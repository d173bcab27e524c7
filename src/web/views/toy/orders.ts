/** Messages of the page to its worker, which replies to `begin` and `step` with a frame. */
interface Painted {
  readonly light: Float64Array;
  readonly bins: number;
}

export type Order =
  | ({ readonly type: 'begin'; readonly count: number; readonly seed: number; readonly split: boolean } & Painted)
  | ({ readonly type: 'paint' } & Painted)
  | { readonly type: 'split'; readonly split: boolean }
  | { readonly type: 'step' };
