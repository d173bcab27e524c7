"""
The tokenizer of the small CLIP: the words of the captions, and a few endings, so that "hats" is a known hat. Another
word is one unknown token, which the network has learnt to leave aside.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from torch import Tensor

PAD, UNKNOWN, START, END = "<pad>", "<unk>", "<start>", "<end>"
SPECIAL = [PAD, UNKNOWN, START, END]
SUFFIXES = ["##s", "##es", "##ed", "##ing", "##y", "##er", "##ish", "##like"]
LENGTH = 48  # tokens of the longest text; what is longer is cut off


def make_tokenizer(captions: Iterable[str]) -> Tokenizer:
    """Small letters only, punctuation is a space; every word of the captions is one token: 'Crew-neck' -> crew neck."""
    normalizer = normalizers.Sequence(
        [
            normalizers.NFD(),
            normalizers.StripAccents(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex("[^a-z0-9]+"), " "),
        ]
    )
    words = sorted({word for caption in set(captions) for word in normalizer.normalize_str(caption).split()})
    vocabulary = {token: number for number, token in enumerate([*SPECIAL, *SUFFIXES, *words])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=UNKNOWN, max_input_chars_per_word=40))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{START} $A {END}",
        pair=f"{START} $A {END} $B:1 {END}:1",
        special_tokens=[(START, vocabulary[START]), (END, vocabulary[END])],
    )
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """`tokenizer.json` and `tokenizer_config.json`, as AutoTokenizer and CLIPTokenizer of transformers.js load them."""
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": LENGTH,
        "do_lower_case": True,
        "pad_token": PAD,
        "unk_token": UNKNOWN,
        "bos_token": START,
        "eos_token": END,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def encode(tokenizer: Tokenizer, texts: list[str]) -> tuple[Tensor, Tensor]:
    """Token numbers and attention mask, int64 [texts, longest], padded on the right."""
    tokenizer.enable_truncation(LENGTH)
    tokenizer.enable_padding(pad_id=tokenizer.token_to_id(PAD), pad_token=PAD)
    encodings = tokenizer.encode_batch(texts)
    ids = torch.tensor([encoding.ids for encoding in encodings])
    return ids, torch.tensor([encoding.attention_mask for encoding in encodings])
