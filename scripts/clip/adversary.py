"""
Pictures changed so that the network errs, as a guide's choices change them: a descent that follows a CLIP finds what
the CLIP likes, whether or not people see it (adversarial examples; Goodfellow et al. 2015). A network trained on such
changes with the true labels is harder to mislead.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def misled(pixels: Tensor, loss_of: Callable[[Tensor], Tensor], side: int, strength: float) -> Tensor:
    """
    Pictures [B, 3, S, S] in [-1, 1] after one step of `strength` along the sign of the gradient of `loss_of(pixels)`,
    a scalar, averaged over squares as large as a pixel of a level of `side`: candidates of a level differ in such
    squares. The result has no gradient.
    """
    watched = pixels.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(loss_of(watched), watched)
    step = F.interpolate(F.adaptive_avg_pool2d(gradient, side).sign(), size=pixels.shape[-2:], mode="bilinear")
    return (pixels + strength * step).clamp(-1, 1).detach()
