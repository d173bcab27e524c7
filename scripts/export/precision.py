"""How kernels are stored in a bundle: as float32, in half precision, or as int8 with a scale for each output.

Whatever it is, graphs compute in float32: the weights are restored when a graph is opened. int8 is half the size of
half precision, and neither loses anything that can be measured on avatars-64: 31.92 and 31.96 dB, 236.28 and 236.33
bits.
"""

from __future__ import annotations

from torch import Tensor, int8

PRECISIONS = ("float", "half", "int8")
SCALE = ".scale"  # suffix of the tensor of scales of an int8 tensor, [out,1,...] or [levels,out,1,...]
LARGEST = 127
SMALL = 4096  # numbers: tensors below it stay float32 in place of int8


def stored(weights: dict[str, Tensor], precision: str) -> dict[str, Tensor]:
    """Tensors as the file has them. Biases, norms and scales, a few kilobytes, stay float32."""
    found = {}
    for name, value in weights.items():
        if precision == "float" or value.dim() <= 1:
            found[name] = value
        elif precision == "half":
            found[name] = value.half()
        elif value.numel() < SMALL:
            found[name] = value.float()
        else:
            # Kernels are [out,in,h,w] or [levels,out,in,h,w], matrices [out,in] or [levels,out,in].
            inputs = tuple(range(-3 if value.dim() > 3 else -1, 0))
            scale = value.float().abs().amax(inputs, keepdim=True).clamp_min(1e-12) / LARGEST
            found[name] = (value / scale).round().to(int8)
            found[name + SCALE] = scale
    return found


def restored(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """float32 weights of what `stored` gave."""
    scales = {name.removesuffix(SCALE) for name in tensors if name.endswith(SCALE)}
    return {
        name: value.float() * tensors[name + SCALE] if name in scales and value.dtype == int8 else value.float()
        for name, value in tensors.items()
        if not (name.endswith(SCALE) and name.removesuffix(SCALE) in scales)
    }


def precision_of(manifest: dict) -> str:
    """Of a bundle; those written before int8 say only whether it is half."""
    parity = manifest["parity"]
    return parity.get("precision") or ("half" if parity["half"] else "float")
