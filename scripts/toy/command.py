"""The method in two dimensions: `python scripts/toy.py` measures, `python scripts/toy.py --animate toy.webp` shows.

A DDN of one level with K nodes learns a density, by gradient descent alone and with Split-and-Prune; as many real
samples stand beside. The table has KL as the paper counts it, Jensen-Shannon divergence and total variation, mean ±
standard deviation over seeds. With --animate, one network follows density after density instead.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from toy.animation import Film
from toy.densities import BINS, NAMES, density, density_of, sample
from toy.figures import figures
from toy.nodes import Nodes

CYCLE = ("blur_circles", "QR_code", "spiral", "words", "gaussian", "blur_circles")
METHODS = {"plain": "gradient descent", "split": "Split-and-Prune", "real": "real samples"}


def train(target: np.ndarray, options: argparse.Namespace, seed: int, split: bool) -> Nodes:
    nodes = Nodes(options.nodes, np.random.default_rng((seed, 0)), options.rate, options.memory, split)
    rng = np.random.default_rng((seed, 1))
    for _ in range(options.steps):
        nodes.step(sample(target, options.batch * options.nodes, rng))
    return nodes


def measure(target: np.ndarray, options: argparse.Namespace) -> dict[str, dict[str, list[float]]]:
    """Figures of each method, one per seed."""
    found: dict[str, dict[str, list[float]]] = {method: {} for method in METHODS}
    for seed in range(options.seeds):
        points = {
            "plain": train(target, options, seed, split=False).points,
            "split": train(target, options, seed, split=True).points,
            "real": sample(target, options.nodes, np.random.default_rng((seed, 2))),
        }
        for method, where in points.items():
            for name, value in figures(where, target).items():
                found[method].setdefault(name, []).append(value)
    return found


def table(results: dict[str, dict[str, dict[str, list[float]]]]) -> str:
    """Markdown."""
    head = ["density", *(f"{figure}, {name}" for figure in ("KL", "JS", "TV") for name in METHODS.values())]
    lines = [head, ["---"] * len(head)]
    for name, found in results.items():
        cells = [
            f"{np.mean(found[method][figure]):.3f} ± {np.std(found[method][figure]):.3f}"
            for figure in ("KL", "JS", "TV")
            for method in METHODS
        ]
        lines.append([name, *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def animate(targets: list[np.ndarray], options: argparse.Namespace) -> Film:
    """One network, `steps` steps on each density in turn, a frame every `every` steps."""
    nodes = Nodes(options.nodes, np.random.default_rng(0), options.rate, options.memory, split=True)
    rng = np.random.default_rng(1)
    film = Film()
    for target in targets:
        for step in range(options.steps):
            if step % options.every == 0:
                film.add(nodes, target)
            nodes.step(sample(target, options.batch * options.nodes, rng))
    film.add(nodes, targets[-1])
    return film


def targets_of(options: argparse.Namespace, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    if options.density:
        return {path.stem: density_of(path, options.bins, options.invert) for path in options.density}
    return {name: density(name, options.bins) for name in names}


def arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--densities", nargs="+", choices=NAMES, help="which densities (all; an animation has its own order)"
    )
    parser.add_argument(
        "--density", nargs="+", type=Path, metavar="FILE", help="pictures whose brightness is the density instead"
    )
    parser.add_argument("--invert", action="store_true", help="with --density: dark pixels are dense")
    parser.add_argument("--nodes", type=positive, default=1000, help="K, and the number of real samples (1000)")
    parser.add_argument("--steps", type=positive, help="on each density (100; 40 with --animate)")
    parser.add_argument("--batch", type=positive, default=4, help="samples per step and node (4)")
    parser.add_argument(
        "--rate", type=float, default=0.3, help="fraction of the distance that a node moves per step (0.3)"
    )
    parser.add_argument(
        "--memory", type=float, default=0.9, help="decay per step of the counts of Split-and-Prune (0.9)"
    )
    parser.add_argument(
        "--bins", type=positive, default=BINS, help="bins per axis of the density and the figures (100)"
    )
    parser.add_argument("--seeds", type=positive, default=5, help="runs of each (5)")
    parser.add_argument("--json", action="store_true", help="all figures as JSON")
    parser.add_argument("--animate", nargs="+", type=Path, metavar="FILE", help="write .gif or .webp films instead")
    parser.add_argument("--every", type=positive, default=1, help="steps per frame (1)")
    options = parser.parse_args(argv)
    for path in options.animate or []:
        if path.suffix.lower() not in (".gif", ".webp"):
            parser.error(f"--animate {path}: expected a file that ends in .gif or .webp")
    if options.density and options.densities:
        parser.error("--density takes the place of --densities; give one of them")
    if not (0 < options.rate <= 1 and 0 <= options.memory < 1):
        parser.error("--rate lies above 0 and at most at 1, --memory from 0 to below 1")
    if not 2 <= options.nodes <= 1_000_000 or options.bins > 1000 or options.batch > 1000:
        parser.error("--nodes are 2 to 1000000, --batch and --bins at most 1000")
    options.steps = options.steps or (40 if options.animate else 100)
    return options


def positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text}")
    return int(text)


def main(argv: list[str] | None = None) -> None:
    options = arguments(argv)
    began = time.monotonic()
    if options.animate:
        names = tuple(options.densities or CYCLE)
        drawn = targets_of(options, names)
        film = animate(list(drawn.values()) if options.density else [drawn[name] for name in names], options)
        for path in options.animate:
            try:
                film.save(path)
            except OSError as error:
                raise SystemExit(f"{path} could not be written: {error}")
            print(f"{path}  {len(film.frames)} frames, {path.stat().st_size / 1e6:.1f} MB")
        print(f"{options.nodes} nodes, {time.monotonic() - began:.0f} s")
        return
    targets = targets_of(options, tuple(options.densities or NAMES))
    results = {name: measure(target, options) for name, target in targets.items()}
    if options.json:
        chosen = {name: getattr(options, name) for name in ("nodes", "steps", "batch", "rate", "memory", "bins")}
        print(json.dumps({**chosen, "results": results}, indent=2))
    else:
        print(table(results))
