/** Names that `kandid pull` knows: what is fetched for each, from where, and under which licence. */

interface Entry {
  readonly title: string;
  /** OWNER/NAME on the hub. */
  readonly repository: string;
  readonly revision: string;
  readonly licence: { readonly weights: string; readonly data: string; readonly attribution: string };
}

/** A CLIP or SigLIP in the Hugging Face ONNX layout. */
export interface ClipEntry extends Entry {
  readonly kind: 'clip';
}

/** A published checkpoint, which is imported once it is here. */
export interface CheckpointEntry extends Entry {
  readonly kind: 'checkpoint';
  /** Its name; the folder that it lies in on the hub may change. */
  readonly file: string;
  /** Folders of plain web servers that have the same file, where the hub has not. */
  readonly mirrors: readonly string[];
}

export type CatalogueEntry = ClipEntry | CheckpointEntry;

const DDN = {
  kind: 'checkpoint',
  repository: 'diyer22/ddn_asset',
  revision: 'main',
  mirrors: ['http://out.diyer22.com:9000/ddn/weights/', 'http://113.44.140.251:9000/ddn/weights/'],
} as const;

const FFHQ = 'FFHQ by NVIDIA: CC BY-NC-SA 4.0, not for commercial use';
const DDN_LICENCE = 'MIT, as the card of diyer22/ddn_asset on the hub says';

export const CATALOGUE: Readonly<Record<string, CatalogueEntry>> = {
  'ddn-cifar-10': {
    ...DDN,
    title: 'CIFAR-10, 32×32',
    file: 'v15-00035-cifar10-32x32-cifar_blockn32_outputk64_chain.dropout0.05_fp32_goon.v15.22-shot-087808.pkl',
    licence: { weights: DDN_LICENCE, data: 'CIFAR-10: no licence stated', attribution: 'Lei Yang (diyer22)' },
  },
  'ddn-ffhq-64': {
    ...DDN,
    title: 'Faces, 64×64',
    file: 'v15-00018-ffhq-64x64-blockn64_outputk512_chain.dropout0.05-shot-117913.pkl',
    licence: { weights: DDN_LICENCE, data: FFHQ, attribution: 'Lei Yang (diyer22)' },
  },
  'ddn-ffhq-256-color': {
    ...DDN,
    title: 'Colours for gray faces, 256×256',
    file: 'v32-00003-ffhq-256x256-ffhq256_cond.color_chain.dropout0.05_batch64_k64-shot-200000.pkl',
    licence: { weights: DDN_LICENCE, data: FFHQ, attribution: 'Lei Yang (diyer22)' },
  },
  'clip-vit-base-patch32': {
    kind: 'clip',
    title: "OpenAI's CLIP, ViT-B/32",
    repository: 'Xenova/clip-vit-base-patch32',
    revision: 'main',
    licence: { weights: 'MIT', data: "OpenAI's own collection, not published", attribution: 'OpenAI' },
  },
  'clip-vit-base-patch16': {
    kind: 'clip',
    title: "OpenAI's CLIP, ViT-B/16",
    repository: 'Xenova/clip-vit-base-patch16',
    revision: 'main',
    licence: { weights: 'MIT', data: "OpenAI's own collection, not published", attribution: 'OpenAI' },
  },
  'mobileclip-s0': {
    kind: 'clip',
    title: "Apple's MobileCLIP, S0: the smallest",
    repository: 'Xenova/mobileclip_s0',
    revision: 'main',
    licence: { weights: "Apple's licence for MobileCLIP: read it", data: 'DataCompDR', attribution: 'Apple' },
  },
  'siglip-base-patch16-224': {
    kind: 'clip',
    title: "Google's SigLIP, B/16",
    repository: 'Xenova/siglip-base-patch16-224',
    revision: 'main',
    licence: { weights: 'Apache-2.0', data: 'WebLI, not published', attribution: 'Google' },
  },
};

/** Text models for pictures of any kind, in the order in which they are looked for. */
export const GENERAL_CLIPS: readonly string[] = Object.entries(CATALOGUE).flatMap(([name, { kind }]) =>
  kind === 'clip' ? [name] : [],
);
