"""Captions as numbers, and which of them are true of which pictures: captions of two pictures often mean the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from avatars.avatar_set import Attribute, AvatarSet
from clip.tokenizer import encode

GENERIC = ["a person", "a face", "an avatar", "a picture of a person", "a portrait"]  # true of every picture
PERSONS = ["woman", "man", "person"]
PER_PICTURE = 5


@dataclass(frozen=True)
class Claim:
    """One thing a caption says: the picture's value in `column` is one of `allowed`. The last column is the person."""

    column: int
    allowed: np.ndarray  # bool [values + 1]; the last stands for hidden and is never allowed


class Captions:
    """The captions of a data set, `PER_PICTURE` of each picture: tokens, and the claims that make them true."""

    def __init__(self, data: AvatarSet, tokenizer: Tokenizer) -> None:
        texts = [caption for record in data.records for caption in record["captions"][:PER_PICTURE]]
        if len(texts) != PER_PICTURE * len(data):
            raise SystemExit(f"labels.jsonl has fewer than {PER_PICTURE} captions a picture: draw the data set again")
        ids, mask = encode(tokenizer, texts)
        self.ids, self.mask = ids.numpy().astype(np.int16), mask.numpy().astype(bool)
        self._data = data
        self._columns = {attribute.name: column for column, attribute in enumerate(data.attributes)}
        persons = [PERSONS.index(record["person"]) for record in data.records]
        self.labels = np.concatenate([data.labels.numpy(), np.array(persons)[:, None]], axis=1)
        self._claims: dict[tuple[str, int], Claim] = {}

    def claims(self, picture: int, caption: int) -> list[Claim]:
        return [self._claim(name, picture) for name in self._data.records[picture]["about"][caption]]

    def truth(self, pictures: np.ndarray, captions: np.ndarray) -> np.ndarray:
        """bool [captions, pictures]: caption `captions[i]` of picture `pictures[i]` is true of `pictures[j]`."""
        labels = self.labels[pictures]
        rows = []
        for picture, caption in zip(pictures, captions):
            true = np.ones(len(pictures), dtype=bool)
            for claim in self.claims(int(picture), int(caption)):
                true &= claim.allowed[labels[:, claim.column]]
            rows.append(true)
        return np.stack(rows)

    def _claim(self, name: str, picture: int) -> Claim:
        attribute, _, kind = name.partition("~")
        column = self._columns.get(attribute, len(self._columns))
        value = int(self.labels[picture, column])
        key = (name, value)
        if key not in self._claims:
            self._claims[key] = Claim(column, self._allowed(column, value, kind))
        return self._claims[key]

    def _allowed(self, column: int, value: int, kind: str) -> np.ndarray:
        if column == len(self._columns):
            return _allowed_persons(value)
        attribute: Attribute = self._data.attributes[column]
        allowed = np.zeros(len(attribute.values) + 1, dtype=bool)
        allowed[[i for i, other in enumerate(attribute.kinds) if kind and other == kind] or [value]] = True
        return allowed


def _allowed_persons(value: int) -> np.ndarray:
    """For a person who may be a woman or a man, both words are true."""
    allowed = np.zeros(len(PERSONS) + 1, dtype=bool)
    allowed[[value, PERSONS.index("person")]] = True
    return allowed
