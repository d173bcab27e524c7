"""The published network in plain PyTorch, slow and simple: what imported bundles are compared with."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from published.spec import Spec
from published.weights import LevelWeights

EPSILON = 1e-6


class Network:
    def __init__(self, spec: Spec, weights: list[LevelWeights]) -> None:
        self.spec = spec
        self.levels = weights

    @torch.no_grad()
    def run(
        self,
        batch: int,
        code: Tensor | None = None,
        target: Tensor | None = None,
        condition: Tensor | None = None,
        visit: Callable[[int, Tensor], None] = lambda *_: None,
    ) -> tuple[Tensor, Tensor]:
        """Choices [L, batch] and the last picture: by `code` [L, batch], else nearest to `target` [batch,3,S,S].

        `visit` is given every level's candidates [batch,K,3,s,s].
        """
        width = self.spec.stages[0].width
        x = torch.linspace(-1, 1, width).reshape(1, width, 1, 1).repeat(batch, 1, 1, 1)
        slope = 1.0 if self.spec.start == "ramp" else 0.0
        predict = leak = torch.tensor([-1.0, 0.0, 1.0]).reshape(1, 3, 1, 1).expand(batch, -1, -1, -1) * slope
        codes, last_side = [], None
        for index, level in enumerate(self.levels):
            x = x.clone()
            x[:, :3] += predict
            x[:, -3:] += leak
            if condition is not None and x.shape[-1] != last_side:
                last_side = x.shape[-1]
                middle = x.shape[1] // 2 - condition.shape[1] // 2
                small = F.interpolate(condition, (last_side, last_side), mode="area")
                x[:, middle : middle + condition.shape[1]] += small
            x = self.block(level, x)
            # Nothing is added to the candidates of level 0.
            predict = torch.zeros(batch, 3, 1, 1) if index == 0 else predict
            if predict.shape[-1] != x.shape[-1]:
                predict = F.interpolate(predict, x.shape[-2:], mode="bilinear", align_corners=False)
            rows = level.nodes[:, :, 0, 0].reshape(level.candidates, 3, -1)
            drawing, leaking = x.chunk(2, 1)
            candidates = torch.einsum("kcd,bdhw->bkchw", rows, drawing) + predict[:, None]
            visit(index, candidates)
            choice = code[index] if code is not None else self.nearest(candidates, target)
            predict = candidates[torch.arange(batch), choice]
            leak = torch.einsum("bcd,bdhw->bchw", rows[choice], leaking)
            codes.append(choice)
        return torch.stack(codes), predict

    @staticmethod
    def nearest(candidates: Tensor, target: Tensor) -> Tensor:
        small = F.adaptive_avg_pool2d(target, candidates.shape[-1])
        return (candidates - small[:, None]).square().mean((2, 3, 4)).argmin(1)

    @staticmethod
    def block(level: LevelWeights, x: Tensor) -> Tensor:
        weights = level.block
        h = x
        for part, up in ((0, level.up), (1, False)):
            norm, conv = f"norm{part}", f"conv{part}"
            h = F.group_norm(h, level.groups[part], weights[f"{norm}.weight"], weights[f"{norm}.bias"], EPSILON)
            h = F.silu(h)
            if up:
                h = h.repeat_interleave(2, 2).repeat_interleave(2, 3)
            h = F.conv2d(h, weights[f"{conv}.weight"], weights[f"{conv}.bias"], padding=1)
        if level.up:
            x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        if "skip.weight" in weights:
            x = F.conv2d(x, weights["skip.weight"], weights["skip.bias"])
        return (h + x) * 0.5**0.5
