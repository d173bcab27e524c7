"""The shapes of a published network."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stage:
    side: int
    blocks: int  # levels of this side; the first of a side above 1 doubles the one before
    width: int  # channels
    candidates: int  # K


@dataclass(frozen=True)
class Spec:
    stages: tuple[Stage, ...]
    start: str = "ramp"  # "ramp" | "zeros": what is added to the features before level 0
    condition: str | None = None  # "color": the mean of the channels
    gain: float = 0.1  # of the second convolutions: with 1, deep random networks are chaotic

    @property
    def side(self) -> int:
        return self.stages[-1].side

    @property
    def levels(self) -> list[Stage]:
        return [stage for stage in self.stages for _ in range(stage.blocks)]


def pyramid(side: int, blocks: int, candidates: int, fewer: dict[int, int] | None = None, **more) -> Spec:
    """As published: 1, 2, 4, … blocks a side up to `blocks`; 256 channels up to 32 px, then half as many a side.

    `fewer`: K of the sides where it is another.
    """
    sides = [2**i for i in range(side.bit_length())]
    stages = [Stage(s, min(s, blocks), min(256, 8192 // s), (fewer or {}).get(s, candidates)) for s in sides]
    return Spec(tuple(stages), **more)


SPECS = {
    "cifar": pyramid(32, 32, 64),
    "ffhq-64": pyramid(64, 64, 512, fewer={64: 256}),
    "ffhq-256-color": pyramid(256, 8, 64, start="zeros", condition="color"),
    "small-ramp": Spec((Stage(1, 1, 12, 4), Stage(2, 2, 12, 4), Stage(4, 2, 8, 3))),
    "small-zeros": Spec((Stage(1, 1, 16, 4), Stage(2, 2, 16, 4), Stage(4, 2, 8, 3)), start="zeros"),
    "small-color": Spec((Stage(1, 1, 8, 4), Stage(2, 2, 8, 4), Stage(4, 3, 8, 4)), start="zeros", condition="color"),
}
"""The three published networks, and small ones of the same form for tests."""
