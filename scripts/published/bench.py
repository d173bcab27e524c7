"""Times an imported network beside plain PyTorch that keeps all candidates, in one run.

Figures of src/importer/README.md: `python -m published.bench`, in scripts/.
Writes a checkpoint with random weights (981 MB for ffhq-64) and imports it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import torch

from published.checkpoint import write_checkpoint
from published.network import Network
from published.spec import SPECS

ROOT = Path(__file__).resolve().parents[2]
NODE = ["node", "--import", "tsx"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="ffhq-64", choices=sorted(SPECS))
    parser.add_argument("--folder", type=Path, help="keeps checkpoint and bundle there (default: a temporary folder)")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of PyTorch")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--peak", type=float, default=30, help="seconds for convolutions alone; 0: not measured")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        print(json.dumps(measured(args.network, folder, args.repeats, args.peak), indent=2))


def measured(name: str, folder: Path, repeats: int, peak: float) -> dict:
    spec = SPECS[name]
    checkpoint = folder / f"{name}.pkl"
    weights = write_checkpoint(checkpoint, spec, 5)
    figures: dict = {
        "network": name,
        "import": None if (folder / name).exists() else imported(checkpoint, name, folder),
    }
    reference = Network(spec, weights)
    target = torch.rand(8, 3, spec.side, spec.side) * 2 - 1
    for batch in (1, 8):
        ours = guided(folder, name, batch, repeats, peak if batch == 8 else 0)
        theirs = min(seconds(reference, batch, target) for _ in range(repeats))
        figures[f"batch_{batch}"] = {
            **ours,
            "pytorch_ms": round(1000 * theirs / batch, 1),
            "times_pytorch": round(1000 * theirs / batch / ours["ms"], 2),
        }
    return figures


def imported(checkpoint: Path, name: str, folder: Path) -> dict:
    started = time.perf_counter()
    command = [*NODE, "src/main.ts", "import", str(checkpoint), "--name", name, "--models", str(folder)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    peak = 0
    while child.poll() is None:
        peak = max(peak, resident(child.pid))
        time.sleep(0.05)
    if child.returncode != 0:
        raise SystemExit(f"kandid import ended with {child.returncode}")
    return {"seconds": round(time.perf_counter() - started, 1), "bytes": peak}


def resident(pid: int) -> int:
    """The most bytes that a process has held, by Linux; 0 once it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def guided(folder: Path, name: str, batch: int, repeats: int, peak: float) -> dict:
    command = [*NODE, "scripts/published/guided.ts", str(folder), name, str(batch), str(repeats), str(peak or "")]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def seconds(network: Network, batch: int, target: torch.Tensor) -> float:
    started = time.perf_counter()
    network.run(batch, target=target[:batch])
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
