import json

from tokenizers import Tokenizer

from clip.tokenizer import END, LENGTH, START, UNKNOWN, encode, make_tokenizer, save_tokenizer

CAPTIONS = [
    "a smiling woman with long red hair",
    "a person in a crew-neck shirt",
    "wearing a hat, on a blue background",
]


def test_every_caption_comes_back():
    tokenizer = make_tokenizer(CAPTIONS)
    for caption in CAPTIONS:
        plain = caption.replace("-", " ").replace(",", "")
        assert tokenizer.decode(tokenizer.encode(caption).ids) == plain
        assert UNKNOWN not in tokenizer.encode(caption).tokens


def test_case_and_punctuation_do_not_matter():
    tokenizer = make_tokenizer(CAPTIONS)
    assert tokenizer.encode("A CREW NECK: Shirt!").ids == tokenizer.encode("a crew-neck shirt").ids


def test_endings_and_unknown_words():
    tokens = make_tokenizer(CAPTIONS).encode("hats xylophone 漢字").tokens
    assert tokens[:4] == [START, "hat", "##s", UNKNOWN]
    assert tokens[-1] == END


def test_the_same_captions_in_any_order_give_the_same_tokens():
    assert make_tokenizer(CAPTIONS).to_str() == make_tokenizer(CAPTIONS[::-1]).to_str()


def test_texts_of_a_batch_are_padded_and_long_ones_cut():
    ids, mask = encode(make_tokenizer(CAPTIONS), ["hair", "red " * 100, ""])
    assert ids.shape == mask.shape == (3, LENGTH)
    assert mask.sum(1).tolist() == [3, LENGTH, 2]


def test_saved_and_read_again(tmp_path):
    tokenizer = make_tokenizer(CAPTIONS)
    encode(tokenizer, CAPTIONS)
    save_tokenizer(tokenizer, tmp_path)
    read = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert [read.encode(text).ids for text in CAPTIONS] == [tokenizer.encode(text).ids for text in CAPTIONS]
    config = json.loads((tmp_path / "tokenizer_config.json").read_text())
    assert config["model_max_length"] == LENGTH
