"""The Discrete Distribution Network, a pyramid or recurrent (Yang 2025, arXiv 2401.00036; our own code).

A level takes the features, the image so far (`predict`) and the choice of the level before it, and generates K
candidates: each is linear in the level's features (a 1x1 convolution) plus the upsampled `predict`. Because of that
linearity the squared distance of every candidate to a target follows from Gram matrices, and only the winner is drawn.

Pictures are float32 in [-1, 1], NCHW.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import repeat

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Stage:
    """Consecutive levels of one side."""

    side: int  # pixels
    levels: int
    width: int  # feature channels


@dataclass(frozen=True)
class ModelConfig:
    """Everything that rebuilds the network; stored in the checkpoint and in the bundle."""

    stages: tuple[Stage, ...]
    channels: int = 3
    candidates: int = 64  # K
    condition_channels: int = 0
    condition_kind: str | None = None  # "grayscale" | "edges" | "color_edges"
    keeps_gray: bool = False  # all candidates have the gray of the condition
    norm_group: int = 16  # channels per GroupNorm group
    type: str = "pyramid"  # "recurrent": one stage, whose levels share their weights

    @property
    def level_stages(self) -> list[Stage]:
        return [stage for stage in self.stages for _ in range(stage.levels)]

    def prefix(self, index: int) -> str:
        """Prefix of the names of a level's weights."""
        return f"levels.{0 if self.type == 'recurrent' else index}"

    @property
    def side(self) -> int:
        return self.stages[-1].side

    def to_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(data: dict) -> ModelConfig:
        known = {**data, "stages": tuple(Stage(**stage) for stage in data["stages"])}
        return ModelConfig(**known)

    def __post_init__(self) -> None:
        if self.type not in ("pyramid", "recurrent"):
            raise ValueError(f'architecture type is {self.type!r}; this trainer knows "pyramid" and "recurrent"')
        if self.type == "recurrent" and len(self.stages) != 1:
            raise ValueError(f"a recurrent network has one stage, got {len(self.stages)}")
        if self.keeps_gray and (self.condition_kind != "grayscale" or self.channels != 3):
            raise ValueError("keeps_gray is for colour pictures of a grayscale condition")
        sides = [stage.side for stage in self.stages]
        for before, after in zip(sides, sides[1:]):
            if after != 2 * before:
                raise ValueError(f"stage sides must double from one to the next, got {sides}")


class Nodes(nn.Module):
    """The K output nodes of a level: weight [K, 2, c, C]; [:, 0] draws the candidate, [:, 1] the leak."""

    def __init__(self, candidates: int, channels: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(candidates, 2, channels, width) / width**0.5 * 0.25)

    def draw(self, features: Tensor, predict: Tensor, choice: Tensor) -> tuple[Tensor, Tensor]:
        """Candidate and leak of one chosen node per image: features [B,C,H,W], choice [B] -> two [B,c,H,W] float32."""
        batch, width, height, wide = features.shape
        rows = self.weight[choice].flatten(1, 2).to(features.dtype)  # [B, 2c, C]
        flat = features.permute(0, 2, 3, 1).reshape(batch, height * wide, width)
        drawn = torch.bmm(flat, rows.transpose(1, 2)).float()
        residual, leak = drawn.reshape(batch, height, wide, -1).permute(0, 3, 1, 2).chunk(2, dim=1)
        return predict + residual, leak

    def candidates(self, features: Tensor, predict: Tensor) -> Tensor:
        """All candidates [B,K,c,H,W]."""
        rows = self.weight[:, 0].to(features.dtype)
        residual = torch.einsum("kcd,bdhw->bkchw", rows, features).float()
        return predict[:, None] + residual

    @torch.no_grad()
    def distances(self, features: Tensor, error: Tensor) -> Tensor:
        """Squared distance of every candidate to the target, up to a constant of each image: [B, K].

        `error` = target - predict, [B,c,H,W]. With G = F Ft and M = error Ft it is sum_c w_c G w_c - 2 w_c M_c;
        below the side where Gram matrices cost more than drawing, the rows are applied directly.
        """
        batch, width, height, wide = features.shape
        rows = self.weight[:, 0].float()  # [K, c, C]
        count, channels, _ = rows.shape
        flat = features.permute(0, 2, 3, 1).reshape(batch, height * wide, width).float()
        target = error.permute(0, 2, 3, 1).reshape(batch, height * wide, channels)
        cross = torch.bmm(target.transpose(1, 2), flat)  # [B, c, C]
        linear = cross.flatten(1) @ rows.flatten(1).t()  # [B, K]
        outputs = count * channels
        if height * wide * outputs <= width * (height * wide + outputs):
            drawn = flat @ rows.flatten(0, 1).t()  # [B, HW, K c]
            square = drawn.square().sum(1).reshape(batch, count, channels).sum(2)
        else:
            gram = torch.bmm(flat.transpose(1, 2), flat)  # [B, C, C]
            rows_flat = rows.flatten(0, 1)
            square = ((rows_flat @ gram) * rows_flat).sum(2).reshape(batch, count, channels).sum(2)
        return square - 2 * linear


class Level(nn.Module):
    """One discrete distribution layer with the block before it."""

    def __init__(self, config: ModelConfig, stage: Stage, previous: Stage | None) -> None:
        super().__init__()
        channels, width = config.channels, stage.width
        self.side = stage.side
        self.upsample = previous is not None and previous.side != stage.side
        if previous is None:
            self.start = nn.Parameter(torch.randn(1, width, stage.side, stage.side) * 0.5)
        elif self.upsample or previous.width != width:
            self.enter = nn.Conv2d(previous.width, width, 1)
        self.intake = nn.Conv2d(2 * channels + config.condition_channels, width, 3, padding=1)
        self.norm = nn.GroupNorm(max(1, width // config.norm_group), width, eps=1e-5)
        self.conv0 = nn.Conv2d(width, width, 3, padding=1)
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.nodes = Nodes(config.candidates, channels, width)
        with torch.no_grad():
            self.conv1.weight.mul_(0.3)

    def forward(self, features: Tensor | None, images: Tensor) -> Tensor:
        """`features` of the level before (None at level 0), `images` = predict, leak and condition at this side."""
        if features is None:
            carried = self.start.expand(images.shape[0], -1, -1, -1).to(images.dtype)
        else:
            carried = self.enter(features) if hasattr(self, "enter") else features
            if self.upsample:
                carried = F.interpolate(carried, scale_factor=2, mode="nearest")
        x = carried + self.intake(images)
        h = self.conv0(F.silu(self.norm(x)))
        return x + self.conv1(F.silu(h))


class Shared(nn.ModuleList):
    """One level whose weights all levels share: iterated `times` times, stored once, with no level embedding."""

    def __init__(self, level: Level, times: int) -> None:
        super().__init__()
        self.add_module("0", level)
        self.times = times

    def __len__(self) -> int:
        return self.times

    def __iter__(self) -> Iterator[Level]:
        return repeat(self._modules["0"], self.times)

    def __getitem__(self, index: int) -> Level:
        return self._modules["0"]


@dataclass
class State:
    """Output of one level for the next."""

    features: Tensor | None
    predict: Tensor  # [B,c,s,s]
    leak: Tensor  # [B,c,s,s]


class Network(nn.Module):
    """All levels; `step` runs the block of one, `Nodes` of that level turn features into candidates."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self._make_levels()
        self.constrain()

    def _make_levels(self) -> None:
        config = self.config
        stages = config.level_stages
        if config.type == "recurrent":
            self.levels = Shared(Level(config, stages[0], None), len(stages))
            return
        self.levels = nn.ModuleList(
            Level(config, stage, stages[index - 1] if index else None) for index, stage in enumerate(stages)
        )

    @torch.no_grad()
    def constrain(self) -> None:
        """Must be called after every change of the weights: if gray is kept, removes the gray from the nodes."""
        if self.config.keeps_gray:
            for level in self.levels:
                drawn = level.nodes.weight[:, 0]
                drawn -= luma(drawn)

    def begin(self, batch: int, device: torch.device | str = "cpu") -> State:
        side = self.config.stages[0].side
        empty = torch.zeros(batch, self.config.channels, side, side, device=device)
        return State(None, empty, empty)

    def step(self, index: int, state: State, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Features and upsampled predict of a level."""
        level = self.levels[index]
        predict, leak = state.predict, state.leak
        if level.upsample:
            predict = F.interpolate(predict, scale_factor=2, mode="bilinear", align_corners=False)
            leak = F.interpolate(leak, scale_factor=2, mode="nearest")
        images = [predict, leak]
        if self.config.condition_channels:
            if condition is None:
                raise ValueError("this network was built with a condition; none was given")
            small = area(condition, level.side)
            images.append(small)
            if self.config.keeps_gray:
                images[0] = predict = predict + (small - luma(predict))
        stacked = torch.cat(images, 1).contiguous(memory_format=torch.channels_last)
        return level(state.features, stacked), predict

    def choose(self, index: int, features: Tensor, predict: Tensor, choice: Tensor) -> State:
        candidate, leak = self.levels[index].nodes.draw(features, predict, choice)
        return State(features, candidate, leak)

    def decode(self, codes: Tensor, condition: Tensor | None = None) -> list[Tensor]:
        """Chosen candidates of every level for codes [B, L]."""
        state = self.begin(codes.shape[0], codes.device)
        images = []
        for index in range(len(self.levels)):
            features, predict = self.step(index, state, condition)
            state = self.choose(index, features, predict, codes[:, index])
            images.append(state.predict)
        return images

    def encode(self, target: Tensor, condition: Tensor | None = None) -> tuple[Tensor, list[Tensor]]:
        """Greedy codes [B, L] of pictures [B,c,S,S], and the chosen candidate of every level."""
        state = self.begin(target.shape[0], target.device)
        codes, images = [], []
        for index, level in enumerate(self.levels):
            features, predict = self.step(index, state, condition)
            choice = level.nodes.distances(features, area(target, level.side) - predict).argmin(1)
            state = self.choose(index, features, predict, choice)
            codes.append(choice)
            images.append(state.predict)
        return torch.stack(codes, 1), images


def luma(images: Tensor) -> Tensor:
    """Gray of the channels of axis 1, keeping the axis."""
    weights = torch.tensor(LUMA, device=images.device).reshape(1, 3, *[1] * (images.dim() - 2))
    return (images * weights).sum(1, keepdim=True)


def area(images: Tensor, side: int) -> Tensor:
    """Area-averaged to `side` pixels."""
    return images if images.shape[-1] == side else F.adaptive_avg_pool2d(images, side)
