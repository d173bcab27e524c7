/**
 * The wheels that CUDA is taken from, locked by version and hash: ONNX Runtime's CUDA provider, and the libraries of
 * NVIDIA's that it links or loads later. NVIDIA's licences come with them.
 *
 * `onnxruntime-gpu` has the version of onnxruntime-node: both are built from the same commit. The others are of CUDA
 * 13.0, which it was built with, and which needs the oldest driver (580) of all 13.
 */

export interface LockedWheel {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Folder of the libraries in the wheel. */
  readonly folder: string;
  readonly libraries: readonly string[];
}

export interface Lock {
  readonly wheels: readonly LockedWheel[];
  /** Bytes of all libraries together, about. */
  readonly unpacked: number;
  /** Libraries that are loaded before the provider, each after those that it needs. */
  readonly preload: readonly string[];
}

const CUDA = 'nvidia/cu13/lib';

const PARTS_OF_CUDNN = [
  ...['adv', 'cnn', 'engines_precompiled', 'engines_runtime_compiled'],
  ...['graph', 'heuristic', 'ops'],
];

export const LOCK: Lock = {
  wheels: [
    {
      name: 'onnxruntime-gpu',
      version: '1.30.0',
      // The libraries are the same in the wheels of every Python.
      file: 'onnxruntime_gpu-1.30.0-cp311-cp311-manylinux_2_28_x86_64.whl',
      bytes: 246_658_419,
      sha256: '4fbf0c5d7b5fb99266c2e8a802e3e64af68bdc383e0f3c7349b985f1087eedaa',
      folder: 'onnxruntime/capi',
      libraries: ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'],
    },
    {
      name: 'nvidia-cuda-runtime',
      version: '13.0.96',
      file: 'nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
      bytes: 2_243_632,
      sha256: '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
      folder: CUDA,
      libraries: ['libcudart.so.13'],
    },
    {
      name: 'nvidia-cublas',
      version: '13.1.0.3',
      file: 'nvidia_cublas-13.1.0.3-py3-none-manylinux_2_27_x86_64.whl',
      bytes: 423_133_236,
      sha256: 'ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171',
      folder: CUDA,
      libraries: ['libcublasLt.so.13', 'libcublas.so.13'],
    },
    {
      name: 'nvidia-curand',
      version: '10.4.0.35',
      file: 'nvidia_curand-10.4.0.35-py3-none-manylinux_2_27_x86_64.whl',
      bytes: 59_544_258,
      sha256: '1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc',
      folder: CUDA,
      libraries: ['libcurand.so.10'],
    },
    {
      name: 'nvidia-nvjitlink',
      version: '13.0.88',
      file: 'nvidia_nvjitlink-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
      bytes: 40_713_933,
      sha256: '13a74f429e23b921c1109976abefacc69835f2f433ebd323d3946e11d804e47b',
      folder: CUDA,
      libraries: ['libnvJitLink.so.13'],
    },
    {
      name: 'nvidia-cufft',
      version: '12.0.0.61',
      file: 'nvidia_cufft-12.0.0.61-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
      bytes: 214_085_489,
      sha256: '6c44f692dce8fd5ffd3e3df134b6cdb9c2f72d99cf40b62c32dde45eea9ddad3',
      folder: CUDA,
      libraries: ['libcufft.so.12'],
    },
    {
      name: 'nvidia-cuda-nvrtc',
      version: '13.0.88',
      file: 'nvidia_cuda_nvrtc-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
      bytes: 90_215_200,
      sha256: 'ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575',
      folder: CUDA,
      libraries: ['libnvrtc-builtins.so.13.0', 'libnvrtc.so.13'],
    },
    {
      name: 'nvidia-cudnn-cu13',
      version: '9.20.0.48',
      file: 'nvidia_cudnn_cu13-9.20.0.48-py3-none-manylinux_2_27_x86_64.whl',
      bytes: 366_173_588,
      sha256: '0c45dd8eeb50b603f07995b1b300c62ffe6a1980482b82b3bcf94a4ca9d49304',
      folder: 'nvidia/cudnn/lib',
      libraries: ['libcudnn.so.9', ...PARTS_OF_CUDNN.map((part) => `libcudnn_${part}.so.9`)],
    },
  ],
  unpacked: 2_000_000_000,
  preload: [
    ...['libcudart.so.13', 'libcublasLt.so.13', 'libcublas.so.13', 'libcurand.so.10', 'libnvJitLink.so.13'],
    ...['libcufft.so.12', 'libnvrtc-builtins.so.13.0', 'libnvrtc.so.13', 'libcudnn.so.9'],
  ],
};
