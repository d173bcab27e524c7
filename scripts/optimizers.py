"""Muon for convolution kernels beside Adam for everything else.

Muon (Jordan 2024): momentum, then the nearest semi-orthogonal matrix by Newton-Schulz iterations. Output nodes stay
with Adam, whose moments Split-and-Prune moves along with them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


@torch.no_grad()
def orthogonalise(matrices: Tensor, steps: int = 5) -> Tensor:
    """Newton-Schulz quintic iteration on a stack of matrices [N, rows, columns]; singular values end near 1."""
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.transpose(1, 2) if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.transpose(1, 2)
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.transpose(1, 2) if tall else x


class Muon(torch.optim.Optimizer):
    """Kernels of equal shape are orthogonalised as one stack; `lr` is the root-mean-square change of a weight."""

    def __init__(self, params, lr: float, momentum: float = 0.95) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure=None) -> None:
        for group in self.param_groups:
            shapes: dict[tuple[int, ...], list[nn.Parameter]] = {}
            for param in group["params"]:
                if param.grad is not None:
                    shapes.setdefault(tuple(param.shape), []).append(param)
            for params in shapes.values():
                self._step_stack(params, group["lr"], group["momentum"])

    def _step_stack(self, params: list[nn.Parameter], lr: float, momentum: float) -> None:
        updates = []
        for param in params:
            state = self.state[param]
            if "momentum" not in state:
                state["momentum"] = torch.zeros_like(param)
            state["momentum"].mul_(momentum).add_(param.grad)
            updates.append(param.grad.add(state["momentum"], alpha=momentum).flatten(1))
        stack = orthogonalise(torch.stack(updates))
        scale = max(stack.shape[1], stack.shape[2]) ** 0.5  # root mean square 1 whatever the shape
        for param, update in zip(params, stack):
            param.add_(update.reshape(param.shape), alpha=-lr * scale)


def build(network: nn.Module, kind: str, lr: float, muon_lr: float) -> list[torch.optim.Optimizer]:
    """`adam`: one Adam; `muon`: Muon on 3x3 kernels, Adam on the rest."""
    fused = {"fused": True}
    if kind == "adam":
        return [torch.optim.Adam(network.parameters(), lr=lr, **fused)]
    if kind != "muon":
        raise ValueError(f'unknown optimiser {kind!r}; "adam" or "muon"')
    kernels = [p for name, p in network.named_parameters() if name.endswith(("conv0.weight", "conv1.weight"))]
    chosen = {id(p) for p in kernels}
    rest = [p for p in network.parameters() if id(p) not in chosen]
    return [torch.optim.Adam(rest, lr=lr, **fused), Muon(kernels, lr=muon_lr)]
