"""The server as OpenAI's own Python client sees it: needs Node, package.json's packages, requirements-server.txt."""

import base64
import io
import struct
import time
import zlib
from collections.abc import Iterator

import pytest
from serving import serving, skip_without_node

openai = pytest.importorskip("openai", reason="openai is not installed: pip install -r requirements-server.txt")

PROMPT = "a woman with red hair"

skip_without_node()


@pytest.fixture(scope="module")
def client() -> Iterator["openai.OpenAI"]:
    """A client of a server that was started for it."""
    with serving() as url:
        yield openai.OpenAI(base_url=f"{url}/v1", api_key="sk-none", max_retries=0)


def png(side: int, clear_from: int) -> bytes:
    """A picture in RGBA, transparent from a column on."""
    row = b"\0" + b"".join(b"\xa0\x50\x30" + (b"\xff" if x < clear_from else b"\0") for x in range(side))

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(row * side)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def file(side: int = 16, clear_from: int = 16) -> tuple[str, io.BytesIO, str]:
    return ("a.png", io.BytesIO(png(side, clear_from)), "image/png")


def bytes_of(image) -> bytes:
    return base64.b64decode(image.b64_json)


def test_models(client):
    names = {model.id for model in client.models.list()}
    assert {"tiny", "gpt-image-1", "dall-e-3"} <= names
    assert client.models.retrieve("tiny").id == "tiny"


def test_generate(client):
    answer = client.images.generate(prompt=PROMPT, model="gpt-image-1", n=2, output_format="webp")
    assert [bytes_of(image)[8:12] for image in answer.data] == [b"WEBP"] * 2
    assert (answer.size, answer.output_format, answer.usage.output_tokens) == ("8x8", "webp", 8)


def test_larger_sizes_are_said(client):
    answer = client.images.with_raw_response.generate(prompt=PROMPT, size="512x512")
    assert answer.headers["x-kandid-resized"] == "lanczos3 from 8x8"
    assert struct.unpack(">II", bytes_of(answer.parse().data[0])[16:24]) == (512, 512)


def test_stream(client):
    events = list(client.images.generate(prompt=PROMPT, stream=True, partial_images=2))
    kinds = [event.type.removeprefix("image_generation.") for event in events]
    assert kinds == ["partial_image", "partial_image", "completed"]
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    assert all(base64.b64decode(event.b64_json).startswith(b"\x89PNG") for event in events)


def test_edit(client):
    answer = client.images.edit(image=file(), mask=file(clear_from=8), prompt=PROMPT, n=1)
    assert bytes_of(answer.data[0]).startswith(b"\x89PNG")
    several = client.images.edit(image=[file(), file(20, 20)], prompt=PROMPT, stream=True)
    assert [event.type for event in several] == ["image_edit.completed"]


def test_edit_with_everything(client):
    pictures = [file(), file(20, 20)]
    asked = {"image": pictures, "mask": file(clear_from=8), "prompt": "red", "stream": True, "partial_images": 2}
    events = list(client.images.edit(**asked))
    assert [event.type.removeprefix("image_edit.") for event in events] == ["partial_image"] * 2 + ["completed"]


def test_newest_fields(client):
    answer = client.images.with_raw_response.generate(
        prompt="red",
        model="gpt-image-2.6-flare",
        output_format="gif",
        background="transparent",
        quality="xhigh",
        safety_identifier="somebody",
        extra_body={"complexity": "low", "frame_count": 2, "negative_prompt": "blue"},
    )
    assert bytes_of(answer.parse().data[0]).startswith(b"GIF89a")
    assert (answer.headers["x-kandid-ignored"], answer.headers["x-kandid-changed"]) == (
        "safety_identifier, complexity",
        "background",
    )


def test_leaving_a_stream_cancels(client):
    with client.images.generate(prompt="red", n=10, size="2048x2048", stream=True, partial_images=3) as stream:
        next(iter(stream))
    headers = {"accept": "application/json"}
    job = client.get("/jobs", cast_to=object, options={"headers": headers, "params": {"limit": 1}})["jobs"][0]
    deadline = time.monotonic() + 60
    while job["state"] in ("queued", "running") and time.monotonic() < deadline:
        job = client.get(f"/jobs/{job['id']}", cast_to=object)
    assert job["state"] == "cancelled"


def test_variation(client):
    answer = client.images.create_variation(image=file(), n=2, response_format="b64_json")
    assert all(bytes_of(image).startswith(b"\x89PNG") for image in answer.data)
    assert client.images.create_variation(image=file()).data[0].url.startswith("http")


@pytest.mark.parametrize(
    ("options", "kind", "code"),
    [
        ({"model": "gpt-9"}, "NotFoundError", "model_not_found"),
        ({"size": "huge"}, "BadRequestError", "invalid_value"),
        ({"extra_body": {"output_format": "svg"}}, "BadRequestError", "invalid_value"),
        ({"n": 11}, "BadRequestError", "invalid_value"),
        ({"n": 11, "stream": True}, "BadRequestError", "invalid_value"),
        ({"extra_body": {"colour": 1}}, "BadRequestError", "unknown_parameter"),
    ],
)
def test_errors(client, options, kind, code):
    with pytest.raises(getattr(openai, kind)) as caught:
        client.images.generate(prompt=PROMPT, **options)
    assert caught.value.code == code
    assert caught.value.request_id
