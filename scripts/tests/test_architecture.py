"""How the scripts are built: rooms in layers, no import circle (imports for types count), no folder too full."""

from __future__ import annotations

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[1]
LARGEST_FOLDER = 20  # files of one level

# What each room may import beside itself. The commands at the top may import any room, and no room imports a command.
LAYERS: dict[str, set[str]] = {
    "ddn": set(),
    "export": {"ddn"},
    "training": {"ddn", "export"},
    "prior": {"ddn", "export", "training"},
    "avatars": {"ddn", "export"},
    "attributes": {"ddn", "export", "avatars"},
    "clip": {"ddn", "export", "avatars"},
    "imagenet": {"export"},
    "toy": set(),
    "published": set(),
    "make": {"published"},
}


def modules_in(root: Path) -> dict[str, Path]:
    """Every module under `root` but the tests, by its dotted name."""
    paths = [path for path in root.rglob("*.py") if path.relative_to(root).parts[0] != "tests"]
    return {name_of(path.relative_to(root)): path for path in paths}


def name_of(path: Path) -> str:
    """`training/step.py` -> training.step, `training/__init__.py` -> training, `train.py` -> train (command)."""
    if len(path.parts) == 1:
        return f"{path.stem} (command)"
    return ".".join(path.parent.parts if path.stem == "__init__" else path.with_suffix("").parts)


def imports_of(path: Path, modules: dict[str, Path]) -> set[str]:
    """The modules that `path` imports anywhere in it: at the top, in functions, for types."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively; name the room"
            submodules = {f"{node.module}.{alias.name}" for alias in node.names}
            found.update(submodules & modules.keys() or {node.module})
    return found & modules.keys()


def graph_of(root: Path) -> dict[str, set[str]]:
    modules = modules_in(root)
    return {name: imports_of(path, modules) for name, path in modules.items()}


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """One circle of imports, or nothing."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_import_circle() -> None:
    assert circle_in(graph_of(SCRIPTS)) == []


def test_a_circle_of_types_would_be_found(tmp_path) -> None:
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "a.py").write_text("import room.b\n")
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from room.a import A\n"
    (tmp_path / "room" / "b.py").write_text(typed)
    assert set(circle_in(graph_of(tmp_path))) == {"room.a", "room.b"}


def test_rooms_import_only_rooms_below_them() -> None:
    for name, imported in graph_of(SCRIPTS).items():
        if name.endswith("(command)"):
            continue
        room = name.split(".")[0]
        assert room in LAYERS, f"{name} lies in a room that LAYERS does not name"
        above = {other for other in imported if other.split(".")[0] not in {room, *LAYERS[room]}}
        assert not above, f"{name} imports {', '.join(sorted(above))}"


def test_the_layers_themselves_have_no_circle() -> None:
    assert circle_in(LAYERS) == []


def test_no_module_hides_another_package() -> None:
    """Rooms and commands stand at the front of the path: one named like a standard module would replace it."""
    names = {path.stem for path in SCRIPTS.glob("*.py")} | LAYERS.keys()
    assert not names & sys.stdlib_module_names


@pytest.mark.parametrize("command", sorted(SCRIPTS.glob("*.py")), ids=lambda path: path.stem)
def test_commands_only_call_a_room(command: Path) -> None:
    tree = ast.parse(command.read_text(encoding="utf-8"))
    assert len(tree.body) == 3, f"{command.name}: a docstring, one import, one call; the work belongs into a room"
    assert isinstance(tree.body[1], ast.ImportFrom)
    assert isinstance(tree.body[2], ast.If)


def test_no_folder_is_too_full() -> None:
    inside = [path for path in SCRIPTS.rglob("*") if path.is_dir() and path.name != "__pycache__"]
    folders = [SCRIPTS, *(path for path in inside if not any(p[0] == "." for p in path.relative_to(SCRIPTS).parts))]
    counts = {folder: sum(path.is_file() and path.name[0] != "." for path in folder.iterdir()) for folder in folders}
    full = {str(folder.relative_to(SCRIPTS)): count for folder, count in counts.items() if count > LARGEST_FOLDER}
    assert not full
