/** The engine's view of a model: its graphs and its description. */
import type { Tensor, TensorData } from '../../kit/tensor.ts';

/** An opened graph. */
export interface Graph {
  /** @param fetches names of the outputs to return. @default all @param into memory for outputs, by name */
  run(
    feeds: Readonly<Record<string, Tensor<TensorData>>>,
    fetches?: readonly string[],
    into?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>;
}

/** Description of a model. */
export interface NetworkInfo {
  readonly name: string;
  readonly channels: 1 | 3;
  readonly levels: readonly { readonly side: number; readonly candidateCount: number; readonly width: number }[];
  readonly condition: { readonly kind: string; readonly channels: number } | null;
  /** Text models that suit its pictures, best first. @default none */
  readonly textModels?: readonly string[];
  /** Networks whose features suit its pictures, best first. @default none */
  readonly perceptualModels?: readonly string[];
}
