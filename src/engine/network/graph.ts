/** What the engine asks of a model's graphs, and what it knows of the model. */
import type { Tensor, TensorData } from '../../kit/tensor.ts';

/** What a network needs of an opened graph. */
export interface Graph {
  run(
    feeds: Readonly<Record<string, Tensor<TensorData>>>,
    fetches?: readonly string[],
    into?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>;
}

/** What the engine needs to know of a model. */
export interface NetworkInfo {
  readonly name: string;
  readonly channels: 1 | 3;
  readonly levels: readonly { readonly side: number; readonly candidateCount: number; readonly width: number }[];
  readonly condition: { readonly kind: string; readonly channels: number } | null;
  /** Text models that know its pictures, best first. @default none is known to */
  readonly textModels?: readonly string[];
  /** Networks whose features suit its pictures, best first. @default none is known to */
  readonly perceptualModels?: readonly string[];
}
