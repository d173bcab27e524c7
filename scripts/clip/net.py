"""A small CLIP: a mixer over patches for pictures, a short transformer for words, one space for both."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class VisionConfig:
    side: int = 64
    patch: int = 8  # side of a patch in pixels, a power of 2
    stem: int = 64  # channels of half a patch (of a pixel where a patch is one)
    width: int = 128  # channels of a patch
    depth: int = 4
    mix: int = 128  # hidden units that mix patches
    hidden: int = 256  # hidden units that mix channels
    pooled: int = 32  # channels per patch that reach the head

    @property
    def patches(self) -> int:
        return (self.side // self.patch) ** 2


@dataclass(frozen=True)
class TextConfig:
    vocabulary: int
    length: int = 48
    width: int = 128
    depth: int = 2
    heads: int = 4
    hidden: int = 256


@dataclass(frozen=True)
class ClipConfig:
    text: TextConfig
    vision: VisionConfig = VisionConfig()
    size: int = 256  # of an embedding

    def to_dict(self) -> dict:
        return {"type": "mixer-clip", **asdict(self)}


class MixerBlock(nn.Module):
    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.patch_norm = nn.LayerNorm(config.width)
        self.patch_in = nn.Linear(config.patches, config.mix)
        self.patch_out = nn.Linear(config.mix, config.patches)
        self.channel_norm = nn.LayerNorm(config.width)
        self.channel_in = nn.Linear(config.width, config.hidden)
        self.channel_out = nn.Linear(config.hidden, config.width)

    def forward(self, x: Tensor) -> Tensor:
        """[B, patches, width] -> the same."""
        across = self.patch_norm(x).transpose(1, 2)
        x = x + self.patch_out(F.relu(self.patch_in(across))).transpose(1, 2)
        return x + self.channel_out(F.relu(self.channel_in(self.channel_norm(x))))


class VisionTower(nn.Module):
    """Pictures [B, 3, side, side] in [-1, 1] -> embeddings [B, size], not normalised."""

    def __init__(self, config: VisionConfig, size: int) -> None:
        super().__init__()
        half = max(1, config.patch // 2)
        self.stem = nn.Sequential(
            nn.Conv2d(3, config.stem, half, half, bias=False),
            nn.BatchNorm2d(config.stem),
            nn.ReLU(inplace=True),
            nn.Conv2d(config.stem, config.width, 3, config.patch // half, 1, bias=False),
            nn.BatchNorm2d(config.width),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.ModuleList(MixerBlock(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.pool = nn.Linear(config.width, config.pooled)
        self.head = nn.Linear(config.patches * config.pooled, size)

    def forward(self, pixel_values: Tensor) -> Tensor:
        x = self.stem(pixel_values).flatten(2).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return self.head(F.relu(self.pool(self.norm(x))).flatten(1))


class TextBlock(nn.Module):
    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.attention_norm = nn.LayerNorm(config.width)
        self.query_key_value = nn.Linear(config.width, 3 * config.width)
        self.attention_out = nn.Linear(config.width, config.width)
        self.hidden_norm = nn.LayerNorm(config.width)
        self.hidden_in = nn.Linear(config.width, config.hidden)
        self.hidden_out = nn.Linear(config.hidden, config.width)

    def forward(self, x: Tensor, hide: Tensor) -> Tensor:
        """[B, T, width]; `hide` [B, 1, 1, T] is added to the attention's scores."""
        batch, length, width = x.shape
        split = self.query_key_value(self.attention_norm(x)).view(batch, length, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) / math.sqrt(width // self.heads) + hide
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, length, width)
        x = x + self.attention_out(mixed)
        return x + self.hidden_out(F.relu(self.hidden_in(self.hidden_norm(x))))


class TextTower(nn.Module):
    """Token numbers and mask, int64 [B, T] -> embeddings [B, size], not normalised: the mean over the text's tokens."""

    def __init__(self, config: TextConfig, size: int) -> None:
        super().__init__()
        self.words = nn.Embedding(config.vocabulary, config.width)
        self.places = nn.Parameter(torch.randn(config.length, config.width) * 0.02)
        self.blocks = nn.ModuleList(TextBlock(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, size)
        nn.init.normal_(self.words.weight, std=0.05)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        mask = attention_mask.to(self.places.dtype)
        hide = (1 - mask)[:, None, None, :] * -1e4
        x = self.words(input_ids) + self.places[: input_ids.shape[1]]
        for block in self.blocks:
            x = block(x, hide)
        x = self.norm(x) * mask.unsqueeze(-1)
        return self.head(x.sum(1) / mask.sum(1, keepdim=True))


class Clip(nn.Module):
    """
    Both towers, and what only training uses: two scales, and `probe`, which names values from the picture's embedding
    alone. It is meant for two wordings whose embeddings have become one: as long as the pictures' embeddings do not
    tell the two values apart, no gradient parts the words, and the other way round.
    """

    def __init__(self, config: ClipConfig, values: int) -> None:
        super().__init__()
        self.config = config
        self.probe = nn.Linear(config.size, values)
        self.vision = VisionTower(config.vision, config.size)
        self.text = TextTower(config.text, config.size)
        self.log_scale = nn.Parameter(torch.tensor(math.log(20.0)))
        self.log_prompt_scale = nn.Parameter(torch.tensor(math.log(20.0)))

    def probe_logits(self, pictures: Tensor) -> Tensor:
        """Logits of all values of all attributes [B, values]."""
        return self.probe(pictures * math.sqrt(self.config.size))

    def encode_image(self, pixels: Tensor) -> Tensor:
        """Unit embeddings, float32 [B, size]."""
        return F.normalize(self.vision(pixels).float(), dim=1)

    def encode_text(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Unit embeddings, float32 [B, size]."""
        return F.normalize(self.text(ids, mask).float(), dim=1)
