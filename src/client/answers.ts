/** What the server tells of itself, as its HTTP routes answer. */

export interface ModelAnswer {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** sha256; its first 8 digits stand in permalinks. */
  readonly hash: string;
  readonly channels: number;
  /** Of finished pictures, in pixels. */
  readonly side: number;
  readonly levels: readonly { readonly side: number; readonly candidates: number }[];
  /** Length of a code. */
  readonly bits: number;
  readonly condition: { readonly kind: string; readonly channels: number } | null;
  readonly licence: { readonly data: string; readonly weights: string; readonly attribution: string };
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly isDefault: boolean;
}

export interface GuideAnswer {
  readonly name: string;
  readonly description: string;
  /** JSON Schema. */
  readonly params: Readonly<Record<string, unknown>>;
}

export interface HealthAnswer {
  readonly status: 'starting' | 'ready' | 'draining' | 'failed';
  readonly waiting: number;
  readonly running: number;
  readonly workers: readonly { device: string; state: string; jobs: number; restarts: number }[];
}

/** A code joined of two. */
export interface CrossAnswer {
  readonly code: readonly number[];
  readonly codeString: string;
  readonly url: string | null;
}

/** A picture as the server's HTTP routes tell it. */
export interface PictureAnswer {
  readonly code: readonly number[];
  readonly codeString: string | null;
  readonly url: string | null;
  readonly mime: string;
  readonly width: number;
  readonly height: number;
  readonly base64?: string;
  readonly psnr?: number | null;
}

export interface ResultAnswer {
  readonly job: string;
  readonly state: 'done' | 'cancelled';
  readonly model: string;
  readonly hash: string;
  readonly seed: number;
  readonly images: readonly PictureAnswer[];
  readonly notes: readonly string[];
}
