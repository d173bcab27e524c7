"""Densities in the unit square for `toy.py`, drawn by our own code or read from a picture.

A density is float64 [bins, bins], row 0 at the top, and adds to 1; within a bin it is flat.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

BINS = 100
FINE = 8  # pixels drawn per bin and axis


def blur_circles(draw: ImageDraw.ImageDraw, side: int) -> None:
    """A ring around a disc, and two rings that cut it; blurred by `density`."""
    for x, y, radius, width, light in (
        (0.50, 0.50, 0.36, 0.05, 255),
        (0.50, 0.50, 0.10, 0.20, 190),
        (0.26, 0.26, 0.16, 0.04, 130),
        (0.74, 0.74, 0.16, 0.04, 130),
    ):
        box = [(x - radius) * side, (y - radius) * side, (x + radius) * side, (y + radius) * side]
        draw.ellipse(box, outline=light, width=round(width * side))


def qr_code(draw: ImageDraw.ImageDraw, side: int) -> None:
    """Resembles a QR code (finders, timing lines, random modules); it encodes nothing."""
    modules, quiet = 21, 2
    size = side / (modules + 2 * quiet)
    bits = np.random.default_rng(21).random((modules, modules)) < 0.5
    bits[6, :] = bits[:, 6] = np.arange(modules) % 2 == 0
    for top, left in ((0, 0), (0, modules - 7), (modules - 7, 0)):
        bits[max(0, top - 1) : top + 8, max(0, left - 1) : left + 8] = False
        bits[top : top + 7, left : left + 7] = True
        bits[top + 1 : top + 6, left + 1 : left + 6] = False
        bits[top + 2 : top + 5, left + 2 : left + 5] = True
    for row, column in np.argwhere(bits):
        left, top = (column + quiet) * size, (row + quiet) * size
        draw.rectangle([left, top, left + size - 1, top + size - 1], fill=255)


def arms(count: int) -> Callable[[ImageDraw.ImageDraw, int], None]:
    """Archimedean spirals around one centre, brighter towards the outside."""

    def paint(draw: ImageDraw.ImageDraw, side: int) -> None:
        for arm in range(count):
            for t in np.linspace(0.08, 1, 900):
                angle = 2 * math.pi * (t * 4.5 / count + arm / count)
                x, y = 0.5 + 0.42 * t * math.cos(angle), 0.5 + 0.42 * t * math.sin(angle)
                disc(draw, side, x, y, 0.016, light=round(90 + 165 * t))

    return paint


def words(draw: ImageDraw.ImageDraw, side: int) -> None:
    font = ImageFont.load_default(size=side * 0.36)
    for text, y in (("KAN", 0.28), ("DID", 0.72)):
        draw.text((0.5 * side, y * side), text, 255, font, anchor="mm", stroke_width=round(side * 0.012))


def strings(draw: ImageDraw.ImageDraw, side: int) -> None:
    """Three wavy lines across the square."""
    for middle, height, waves in ((0.25, 0.10, 1.5), (0.50, 0.16, 2.0), (0.75, 0.07, 3.0)):
        for x in np.linspace(0.06, 0.94, 1200):
            disc(draw, side, x, middle + height * math.sin(2 * math.pi * waves * x), 0.014)


def disc(draw: ImageDraw.ImageDraw, side: int, x: float, y: float, radius: float, light: int = 255) -> None:
    draw.ellipse([(x - radius) * side, (y - radius) * side, (x + radius) * side, (y + radius) * side], fill=light)


def gaussian(bins: int) -> np.ndarray:
    x = (np.arange(bins) + 0.5) / bins - 0.5
    return np.exp(-(x[:, None] ** 2 + x[None, :] ** 2) / (2 * 0.15**2))


PAINTERS: dict[str, tuple[Callable[[ImageDraw.ImageDraw, int], None], float]] = {
    "blur_circles": (blur_circles, 0.02),
    "QR_code": (qr_code, 0),
    "spiral": (arms(1), 0),
    "words": (words, 0),
    "spirals": (arms(2), 0),
    "strings": (strings, 0),
}
NAMES = ("blur_circles", "QR_code", "spiral", "words", "gaussian", "spirals", "strings")


def density(name: str, bins: int = BINS) -> np.ndarray:
    """One of NAMES."""
    if name == "gaussian":
        light = gaussian(bins)
    else:
        paint, blur = PAINTERS[name]
        side = bins * FINE
        canvas = Image.new("L", (side, side))
        paint(ImageDraw.Draw(canvas), side)
        if blur:
            canvas = canvas.filter(ImageFilter.GaussianBlur(blur * side))
        light = np.asarray(canvas, dtype=np.float64).reshape(bins, FINE, bins, FINE).mean((1, 3))
    return light / light.sum()


def density_of(path: Path, bins: int = BINS, invert: bool = False) -> np.ndarray:
    """The brightness of a picture (its middle square), or its darkness. Raises SystemExit with the reason."""
    try:
        with Image.open(path) as picture:
            rgba = picture.convert("RGBA")
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path} cannot be read as a picture ({error}); expected PNG, JPEG, WebP or GIF")
    ground = Image.new("RGBA", rgba.size, (255, 255, 255, 255) if invert else (0, 0, 0, 255))
    gray = Image.alpha_composite(ground, rgba).convert("L")
    side = min(gray.size)
    left, top = (gray.width - side) // 2, (gray.height - side) // 2
    square = gray.resize((bins, bins), Image.Resampling.BOX, (left, top, left + side, top + side))
    light = np.asarray(square, dtype=np.float64)
    light = 255 - light if invert else light
    if light.max() == light.min():
        raise SystemExit(
            f"{path} is blank: all of its middle square has one brightness, so there is nothing to follow; "
            "give a picture whose bright parts say where points should be (--invert: its dark parts)"
        )
    return light / light.sum()


def sample(target: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` points [N, 2] as (x, y) in the unit square."""
    bins = len(target)
    edges = np.cumsum(target.ravel())
    chosen = np.searchsorted(edges / edges[-1], rng.random(count), side="right")
    corner = np.stack([chosen % bins, chosen // bins], 1)
    return (corner + rng.random((count, 2))) / bins
