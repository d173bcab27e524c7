"""Random CLIPs and SigLIPs in the Hugging Face ONNX layout, for tests and timings of the text guide.

Needs the package `transformers`, which nothing else here does.
"""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

WORDS = (
    "a",
    "photo",
    "of",
    "the",
    "red",
    "blue",
    "green",
    "hair",
    "man",
    "woman",
    "with",
    "hat",
    "sea",
    "cat",
    "night",
)


@dataclass(frozen=True)
class Shape:
    """Sizes of both towers; the defaults are small."""

    width: int = 32
    depth: int = 2
    heads: int = 2
    image: int = 32  # pixels
    patch: int = 8
    text_width: int = 32
    text_depth: int = 2
    text_heads: int = 2
    size: int = 16  # of an embedding


VIT_B_32 = Shape(768, 12, 12, 224, 32, 512, 12, 8, 512)


def clip_tokenizer() -> Tokenizer:
    """Byte pairs in the manner of CLIP: lower case, `</w>` at the end of words, the longest words not merged."""
    bytes_known = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate([*bytes_known, *(f"{one}</w>" for one in bytes_known)])}
    merges = []
    for word in WORDS[:8]:
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:
            merges.append((parts[0], parts[1]))
            parts[:2] = [parts[0] + parts[1]]
            vocabulary.setdefault(parts[0], len(vocabulary))
    merges = list(dict.fromkeys(merges))
    start, end = "<|startoftext|>", "<|endoftext|>"
    for special in (start, end):
        vocabulary[special] = len(vocabulary)
    tokenizer = Tokenizer(
        models.BPE(vocabulary, merges, unk_token=end, end_of_word_suffix="</w>", continuing_subword_prefix="")
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    pattern = Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(pattern, "removed", invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(
        (end, vocabulary[end]), (start, vocabulary[start]), trim_offsets=False, add_prefix_space=False
    )
    return tokenizer


def siglip_tokenizer() -> Tokenizer:
    """A unigram model in the manner of SigLIP: lower case, no punctuation, `</s>` at the end and as padding."""
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces = [("<unk>", 0.0), ("</s>", 0.0), *((f"▁{word}", -2.0) for word in WORDS), ("▁", -3.0)]
    pieces += [(letter, -6.0) for letter in letters if letter not in WORDS]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Lowercase(), normalizers.Replace(Regex(r"[^\w\s]"), ""), normalizers.Replace(Regex(r"\s+"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


class TextTower(torch.nn.Module):
    def __init__(self, model: torch.nn.Module, siglip: bool) -> None:
        super().__init__()
        self.model, self.siglip = model, siglip

    def forward(self, input_ids):
        pooled = self.model.text_model(input_ids=input_ids).pooler_output
        return pooled if self.siglip else self.model.text_projection(pooled)


class VisionTower(torch.nn.Module):
    def __init__(self, model: torch.nn.Module, siglip: bool) -> None:
        super().__init__()
        self.model, self.siglip = model, siglip

    def forward(self, pixel_values):
        pooled = self.model.vision_model(pixel_values=pixel_values).pooler_output
        return pooled if self.siglip else self.model.visual_projection(pooled)


class Both(torch.nn.Module):
    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids, pixel_values):
        found = self.model(input_ids=input_ids, pixel_values=pixel_values)
        return found.logits_per_image, found.logits_per_text, found.text_embeds, found.image_embeds


def write_towers(folder: Path, kind: str, shape: Shape = Shape(), joint: bool = False, seed: int = 0):
    """A folder as exports have it; returns the model, its tokenizer and its image processor in Python.

    `kind`: "clip" | "siglip". `joint`: one graph of both towers in place of two.
    """
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    siglip = kind == "siglip"
    own = siglip_tokenizer() if siglip else clip_tokenizer()
    model = (siglip_model if siglip else clip_model)(shape, own.get_vocab_size()).eval()
    model.config.save_pretrained(folder)
    length = 64 if siglip else 77
    names = (
        {"eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"}
        if siglip
        else {
            "bos_token": "<|startoftext|>",
            "eos_token": "<|endoftext|>",
            "pad_token": "<|endoftext|>",
            "unk_token": "<|endoftext|>",
        }
    )
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=own, model_max_length=length, **names)
    tokenizer.save_pretrained(folder)
    described = {"tokenizer_class": "SiglipTokenizer" if siglip else "CLIPTokenizer", "model_max_length": length}
    (folder / "tokenizer_config.json").write_text(json.dumps({**described, **names}, indent=2))
    processor = image_processor(siglip, shape.image)
    processor.save_pretrained(folder)
    export(folder / "onnx", model, siglip, shape, length, joint)
    return model, tokenizer, processor


def clip_model(shape: Shape, vocabulary: int):
    text = {
        "vocab_size": vocabulary,
        "hidden_size": shape.text_width,
        "intermediate_size": 4 * shape.text_width,
        "num_hidden_layers": shape.text_depth,
        "num_attention_heads": shape.text_heads,
        "max_position_embeddings": 77,
        "bos_token_id": vocabulary - 2,
        "eos_token_id": vocabulary - 1,
        "pad_token_id": vocabulary - 1,
        "projection_dim": shape.size,
    }
    config = transformers.CLIPConfig(
        text_config=text, vision_config={**vision(shape), "projection_dim": shape.size}, projection_dim=shape.size
    )
    return transformers.CLIPModel(config)


def siglip_model(shape: Shape, vocabulary: int):
    text = {
        "vocab_size": vocabulary,
        "hidden_size": shape.width,
        "intermediate_size": 4 * shape.width,
        "num_hidden_layers": shape.text_depth,
        "num_attention_heads": shape.text_heads,
        "max_position_embeddings": 64,
    }
    model = transformers.SiglipModel(transformers.SiglipConfig(text_config=text, vision_config=vision(shape)))
    model.logit_scale.data.fill_(4.7)
    model.logit_bias.data.fill_(-12.5)
    return model


def vision(shape: Shape) -> dict:
    return {
        "hidden_size": shape.width,
        "intermediate_size": 4 * shape.width,
        "num_hidden_layers": shape.depth,
        "num_attention_heads": shape.heads,
        "image_size": shape.image,
        "patch_size": shape.patch,
    }


def image_processor(siglip: bool, side: int):
    if siglip:
        return transformers.SiglipImageProcessor(size={"height": side, "width": side})
    return transformers.CLIPImageProcessor(size={"shortest_edge": side}, crop_size={"height": side, "width": side})


def export(folder: Path, model, siglip: bool, shape: Shape, length: int, joint: bool) -> None:
    folder.mkdir(exist_ok=True)
    ids = torch.zeros(3, length, dtype=torch.long)
    pixels = torch.zeros(3, 3, shape.image, shape.image)
    text_out, image_out = ("pooler_output", "pooler_output") if siglip else ("text_embeds", "image_embeds")
    graphs = {
        "text_model": (TextTower(model, siglip), {"input_ids": ids}, [text_out]),
        "vision_model": (VisionTower(model, siglip), {"pixel_values": pixels}, [image_out]),
    }
    if joint:
        outputs = ["logits_per_image", "logits_per_text", "text_embeds", "image_embeds"]
        graphs = {"model": (Both(model), {"input_ids": ids, "pixel_values": pixels[:2]}, outputs)}
    for name, (tower, inputs, outputs) in graphs.items():
        free = {one: {0: "texts" if one == "input_ids" else "pictures"} for one in inputs}
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                tower,
                tuple(inputs.values()),
                folder / f"{name}.onnx",
                input_names=list(inputs),
                output_names=outputs,
                dynamic_axes={**free, **{one: {0: f"of_{one}"} for one in outputs}},
                opset_version=17,
                dynamo=False,  # the newer exporter takes ten times as long
            )
