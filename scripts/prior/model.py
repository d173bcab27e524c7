"""A learned prior over a DDN's choices: p(choice | image so far), level by level, so that log p(code) is their sum.

For every level a small network takes the level's features F and upsampled predict p (and the condition) and estimates
the remaining difference at that side, t [B,c,s,s], and its precision for every pixel, w [B,1,s,s]. A candidate is
p + r_k with r_k = W_k F, so its logit is

    sum over pixels of w (2 t r_k - r_k^2) + bias_k,

the log-density of a normal distribution around t, up to a constant: the quadratic form of a linear guide whose target
the network predicts. It is computed from Gram matrices, without drawing candidates. Without w, the flat background,
where a halo is clearly wrong, had the same weight as an edge, where every candidate is slightly off. bias [K] comes
from a global view of the same network, and covers what a single target cannot express (two likely, different
candidates). p + t is the estimate of the finished picture at that side.

Levels of one side share one U-Net, which receives the level's place among them and gives a view of the whole picture;
a small head per level, at full resolution, computes t from it, F and p. A side above `FINEST` pixels is folded into
channels (space to depth) for the U-Net, as the finest sides lack context, not resolution. Sides above
`PriorConfig.context` have heads alone: what is there to decide follows from what is near.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ddn.model import ModelConfig, Nodes, Stage, area

FINEST = 32  # pixels: the largest side that the U-Nets work at
COARSEST = 4  # pixels: where a dense layer sees the whole picture


@dataclass(frozen=True)
class PriorConfig:
    """Everything that rebuilds a prior, in addition to the network's config."""

    widths: tuple[int, ...] = (96, 64, 48, 32)  # channels at 4, 8, 16 and 32 px
    hidden: int = 128  # of the dense layer at the coarsest side
    view: int = 8  # channels that the U-Net hands to the heads
    head: int = 16  # channels inside a head
    context: int = 64  # pixels: the largest side with a U-Net

    def to_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(data: dict) -> PriorConfig:
        return PriorConfig(**{**data, "widths": tuple(data["widths"])})

    def width(self, side: int) -> int:
        return self.widths[int(math.log2(side // COARSEST))]


class Block(nn.Module):
    """x + conv1(silu(conv0(silu(x)) + embedding of the level)); starts as the identity."""

    def __init__(self, width: int, levels: int) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(width, width, 3, padding=1)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.place = nn.Parameter(torch.zeros(levels, width))
        nn.init.zeros_(self.conv1.weight)

    def forward(self, x: Tensor, which: Tensor) -> Tensor:
        h = self.conv0(F.silu(x))
        h = h + self.place[which][:, :, None, None].to(h.dtype)
        return x + self.conv1(F.silu(h))


class Head(nn.Module):
    """Of one level: features, images and the U-Net's view, at full resolution, -> t and log w, [B,c+1,s,s].

    Linear, plus a hidden layer: by least squares on features alone, the linear part already explains 60 to 70 % of what
    is missing at the first level of a side, and gradient descent takes long to find that (`steps.fit_heads`).
    """

    def __init__(self, taken: int, hidden: int, channels: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.first = nn.Conv2d(taken, hidden + channels + 1, 3, padding=1)
        self.second = nn.Conv2d(hidden, channels + 1, 3, padding=1)
        nn.init.zeros_(self.first.weight[hidden:])
        nn.init.zeros_(self.first.bias[hidden:])
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)

    def forward(self, x: Tensor) -> Tensor:
        h = self.first(x)
        return h[:, self.hidden :] + self.second(F.silu(h[:, : self.hidden]))


class SidePrior(nn.Module):
    """All levels of one side: their U-Net and their heads."""

    def __init__(self, stage: Stage, levels: int, model: ModelConfig, config: PriorConfig) -> None:
        super().__init__()
        self.side, self.levels = stage.side, levels
        self.top = min(stage.side, FINEST)
        self.has_context = stage.side <= config.context
        self.fold = stage.side // self.top if self.has_context else 1
        self.register_buffer("feature_scale", torch.ones(levels))
        self.missing_scale = nn.Parameter(torch.zeros(levels))  # logarithm
        self.beta = nn.Parameter(torch.zeros(levels))  # logarithm of w before the head
        self.bias = nn.Parameter(torch.zeros(levels, model.candidates))
        images = model.channels + model.condition_channels
        if self.has_context:
            self._make_context(stage, levels, model, config)
        view = config.view if self.has_context else 0
        self.heads = nn.ModuleList(
            Head(stage.width + images + view, config.head, model.channels) for _ in range(levels)
        )

    def _make_context(self, stage: Stage, levels: int, model: ModelConfig, config: PriorConfig) -> None:
        """The U-Net with its dense layer."""
        sides = [self.top >> step for step in range(int(math.log2(self.top // COARSEST)) + 1)]
        widths = [config.width(side) for side in sides]
        area_folded = self.fold**2
        taken = max(4, widths[0] // area_folded)
        images = model.channels + model.condition_channels
        self.features = nn.Parameter(torch.randn(levels, taken, stage.width) / stage.width**0.5)
        self.enter = nn.Conv2d((taken + images) * area_folded, widths[0], 3, padding=1)
        self.place = nn.Parameter(torch.zeros(1, widths[0], self.top, self.top))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in zip(widths, widths[1:]))
        self.up = nn.ModuleList(nn.Conv2d(b, a, 1) for a, b in zip(widths, widths[1:]))
        self.before = nn.ModuleList(Block(width, levels) for width in widths[1:] or widths)
        self.after = nn.ModuleList(Block(width, levels) for width in widths[1:-1])
        flat = widths[-1] * sides[-1] ** 2
        self.see = nn.Linear(flat, config.hidden)
        self.tell = nn.Linear(config.hidden, flat)
        nn.init.zeros_(self.tell.weight)
        self.whole = nn.Parameter(torch.zeros(levels, config.hidden))
        self.leave = nn.Conv2d(widths[0], config.view * area_folded, 3, padding=1)
        self.bias_of = nn.Parameter(torch.zeros(levels, model.candidates, config.hidden))

    def forward(self, features: Tensor, images: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
        """features [B,C,s,s], images [B,c(+condition),s,s], which [B] place among the side's levels -> the view
        [B,view,s,s], without channels where there is no context, and bias [B,K]."""
        if not self.has_context:
            return features[:, :0], self.bias[which]
        rows = (self.features * self.feature_scale[:, None, None])[which]
        taken = torch.bmm(rows.to(features.dtype), features.flatten(2)).unflatten(2, features.shape[2:])
        x = torch.cat([taken, images.to(taken.dtype)], 1)
        if self.fold > 1:
            x = F.pixel_unshuffle(x, self.fold)
        x = self.enter(x.contiguous(memory_format=torch.channels_last))
        x = x + self.place.to(x.dtype)
        kept = []
        for index, down in enumerate(self.down):
            kept.append(x)
            x = self.before[index](down(x), which)
        if not self.down:
            x = self.before[0](x, which)
        seen = F.silu(self.see(x.flatten(1)) + self.whole[which])
        x = x + self.tell(seen).view(x.shape)
        for index in reversed(range(len(self.up))):
            x = kept[index] + F.interpolate(self.up[index](x), scale_factor=2, mode="nearest")
            if index:
                x = self.after[index - 1](x, which)
        view = self.leave(F.silu(x))
        if self.fold > 1:
            view = F.pixel_shuffle(view, self.fold)
        bias = torch.einsum("bkh,bh->bk", self.bias_of[which], seen.float()) + self.bias[which]
        return view, bias

    def missing(self, place: int, features: Tensor, images: Tensor, view: Tensor) -> tuple[Tensor, Tensor]:
        """t [B,c,s,s] and w [B,1,s,s] of the level at this place of the side, float32."""
        scaled = features * self.feature_scale[place]
        x = torch.cat([scaled.to(view.dtype), images.to(view.dtype), view], 1)
        out = self.heads[place](x.contiguous(memory_format=torch.channels_last))
        missing = out[:, :-1].float() * self.missing_scale[place].exp()
        return missing, (out[:, -1:].float() + self.beta[place]).exp()


class Prior(nn.Module):
    """The priors of all levels of a network."""

    def __init__(self, model: ModelConfig, config: PriorConfig) -> None:
        super().__init__()
        self.model, self.config = model, config
        stages = model.level_stages
        recurrent = model.type == "recurrent"
        self.sides = nn.ModuleDict()
        self.where: list[tuple[str, int]] = []  # of each level: its side, and its place among that side's levels
        for index, stage in enumerate(stages):
            place = min(index, 1) if recurrent else sum(before.side == stage.side for before in stages[:index])
            self.where.append((str(stage.side), place))
        for stage in stages:
            if str(stage.side) not in self.sides:
                levels = 1 + max(place for side, place in self.where if side == str(stage.side))
                self.sides[str(stage.side)] = SidePrior(stage, levels, model, config)

    def images(self, index: int, predict: Tensor, condition: Tensor | None) -> Tensor:
        if condition is None:
            return predict
        return torch.cat([predict, area(condition, self.model.level_stages[index].side)], 1)

    def logits(
        self, index: int, nodes: Nodes, features: Tensor, predict: Tensor, condition: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Logits [B,K] of a level's candidates, and what is missing [B,c,s,s]."""
        side, place = self.where[index]
        which = torch.full((features.shape[0],), place, dtype=torch.long, device=features.device)
        part, images = self.sides[side], self.images(index, predict, condition)
        view, bias = part(features, images, which)
        missing, sure = part.missing(place, features, images, view)
        return quadratic(features, missing, sure, nodes) + bias, missing


def quadratic(features: Tensor, missing: Tensor, sure: Tensor, nodes: Nodes) -> Tensor:
    """Sum over pixels of w (2 t r_k - r_k^2) of every candidate, [B,K].

    features [B,C,s,s], missing t [B,c,s,s], sure w [B,1,s,s]. Squares by the cheaper way, as in Nodes.distances.
    """
    rows = nodes.weight[:, 0].float()  # [K,c,C]
    count, channels, width = rows.shape
    flat = features.float().flatten(2)  # [B,C,N]
    weighted = (flat * sure.flatten(2)).transpose(1, 2)  # [B,N,C]
    cross = torch.bmm(missing.flatten(2), weighted)  # [B,c,C]
    linear = cross.flatten(1) @ rows.flatten(1).t()
    outputs, pixels = count * channels, flat.shape[2]
    if pixels * outputs <= width * (pixels + outputs):
        drawn = rows.flatten(0, 1) @ flat  # [B,K*c,N]
        squares = (drawn.square() * sure.flatten(2)).sum(2)
    else:
        squares = ((rows.flatten(0, 1) @ torch.bmm(flat, weighted)) * rows.flatten(0, 1)).sum(2)
    return 2 * linear - squares.unflatten(1, (count, channels)).sum(2)
