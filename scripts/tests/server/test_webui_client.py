"""The server as a client of Automatic1111's web API sees it: needs Node, requirements-server.txt."""

import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from serving import serving, skip_without_node

webuiapi = pytest.importorskip("webuiapi", reason="webuiapi is not installed: pip install -r requirements-server.txt")
from PIL import Image  # noqa: E402

skip_without_node()


@pytest.fixture(scope="module")
def client() -> Iterator["webuiapi.WebUIApi"]:
    """A client of a server that was started for it."""
    with serving() as url:
        address = urlsplit(url)
        yield webuiapi.WebUIApi(host=address.hostname, port=address.port)


def picture(colour: str = "#a05030") -> Image.Image:
    return Image.new("RGB", (16, 16), colour)


def mask() -> Image.Image:
    """White, which is repainted, in its right half."""
    halves = Image.new("L", (16, 16), 0)
    halves.paste(255, (8, 0, 16, 16))
    return halves


def test_models(client):
    (name,) = [title for title in client.util_get_model_names() if title.startswith("tiny [")]
    client.util_set_model(name)
    assert client.util_get_current_model() == name
    client.util_wait_for_ready()


def test_txt2img(client):
    made = client.txt2img(prompt="red", negative_prompt="blue", seed=3, batch_size=2, width=64, height=64)
    assert [image.size for image in made.images] == [(64, 64)] * 2
    assert made.info["seed"] == 3
    assert {"steps", "cfg_scale", "sampler_name"} <= set(made.info["ignored"])


@pytest.mark.parametrize("invert", [0, 1])
def test_img2img_with_a_mask(client, invert):
    made = client.img2img(images=[picture()], mask_image=mask(), inpainting_mask_invert=invert, prompt="red", seed=3)
    assert len(made.images) == 1


def test_img2img_without_a_mask(client):
    made = client.img2img(images=[picture(), picture("blue")], prompt="red", denoising_strength=0.5)
    assert "init_images after the first" in made.info["ignored"]


def test_progress_and_interrupt(client):
    made = []
    asking = threading.Thread(target=lambda: made.append(client.txt2img(width=2048, height=2048, batch_size=10)))
    asking.start()
    while asking.is_alive() and client.get_progress()["current_image"] is None:
        pass
    client.interrupt()
    asking.join()
    assert len(made[0].images) < 10
    assert client.get_progress()["state"]["job_count"] == 0


def test_errors(client):
    with pytest.raises(RuntimeError, match="no model"):
        client.txt2img(override_settings={"sd_model_checkpoint": "none"})
