"""Names of the 1,000 classes of ImageNet (ILSVRC 2012), in the order of the outputs, and what else they are called.

They are the words of WordNet for each class, as the package `timm` (Apache 2.0) lists them; WordNet's licence allows
any use.
"""

from __future__ import annotations

from collections import Counter
from importlib.util import find_spec
from pathlib import Path

# Classes whose first word is also that of another class, or differs from it in case alone.
DISTINCT = {134: "crane (bird)", 264: "Cardigan Welsh corgi", 517: "crane (machine)", 639: "tank suit"}


def class_words() -> list[list[str]]:
    """What each class is called, the usual name first. Raises SystemExit where timm is missing."""
    spec = find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("timm is missing: pip install timm==1.0.31")
    folder = Path(spec.submodule_search_locations[0]) / "data" / "_info"
    synsets = (folder / "imagenet_synsets.txt").read_text().split()
    words = dict(line.split("\t") for line in (folder / "imagenet_synset_to_lemma.txt").read_text().splitlines())
    return [words[synset].split(", ") for synset in synsets]


def named(words: list[list[str]]) -> tuple[list[str], dict[str, str]]:
    """A name for each class, no two alike, and the name that each further word stands for, where it is one alone."""
    names = [DISTINCT.get(index, known[0]) for index, known in enumerate(words)]
    taken = {name.lower() for name in names}
    if len(taken) < len(names):
        raise SystemExit("two classes have one name: name them apart in imagenet/labels.py")
    meanings = Counter(word for known in words for word in {one.lower() for one in known})
    synonyms = {
        word: name
        for name, known in zip(names, words)
        for word in known
        if word.lower() not in taken and meanings[word.lower()] == 1
    }
    return names, synonyms
