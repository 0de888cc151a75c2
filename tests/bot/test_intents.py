"""The intent classifier, without Rasa and with an encoder that needs no weights."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from bot.nlu.encoders import EncoderError, open_encoder
from bot.nlu.intents import (
    Example,
    IntentModel,
    ModelError,
    Options,
    TrainingDataError,
    calibration,
    linear,
    material,
    out_of_scope,
    train,
    training,
)
from bot.nlu.intents.features import ngrams, plain
from bot.nlu.intents.folds import folds
from bot.nlu.intents.lexicon import learn
from bot.nlu.intents.origins import origins
from bot.nlu.intents.scores import accuracy, auroc, ece, macro_f1, recall_at

PHRASES = {
    "track": ["where is {}", "track {} please", "has {} left", "i am waiting for {}", "{} 到哪了"],
    "cancel": ["cancel {}", "call off {}", "i do not want {} any more", "stop {}", "取消 {}"],
    "refund": [
        "money back for {}",
        "refund {}",
        "i want to be paid for {}",
        "return {}",
        "退款 {}",
    ],
    "changer d'adresse": ["deliver {} to work", "new address for {}", "move {}", "换地址 {}"],
}
THINGS = ["my order", "the parcel", "my shoes", "order 10023", "the big box", "it"]
EXAMPLES = [
    Example(phrase.format(thing), label)
    for label, phrases in PHRASES.items()
    for phrase in phrases
    for thing in THINGS
]
FAST = Options(encoder="none")


class Counting:
    """An encoder that counts letters: close texts get close vectors."""

    name = "use"
    fingerprint = "letters"

    def __init__(self) -> None:
        """Nothing was encoded yet."""
        self.encoded = 0

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Counts of the characters modulo 64."""
        self.encoded += len(texts)
        vectors = np.zeros((len(texts), 64), np.float32)
        for row, text in enumerate(texts):
            for one, two in pairwise(text):
                vectors[row, (ord(one) * 7 + ord(two)) % 64] += 1
            vectors[row, 0] += 0.1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> Counting:
    """Stands where the real one would be opened."""
    counting = Counting()
    monkeypatch.setattr(training, "open_encoder", lambda name: counting)
    monkeypatch.setattr("bot.nlu.intents.storage.open_encoder", lambda name: counting)
    return counting


@pytest.fixture(scope="module")
def fast() -> IntentModel:
    """Words alone."""
    return train(EXAMPLES, FAST)


def test_it_reads_new_texts_in_both_languages(fast: IntentModel) -> None:
    for text, label in [
        ("where are my shoes", "track"),
        ("pls CANCEL the order", "cancel"),
        ("鞋子到哪了", "track"),
        ("我要退款", "refund"),
        ("new adress for my box", "changer d'adresse"),
    ]:
        reading = fast.read(text)
        assert reading.ranking[0][0] == label, text
        assert sum(confidence for _, confidence in reading.ranking) == pytest.approx(1, abs=1e-5)
        assert [one for _, one in reading.ranking] == sorted(
            (one for _, one in reading.ranking), reverse=True
        )
        assert not reading.encoded


def test_words_score_as_scikit_learn_does() -> None:
    grams = [ngrams(plain(example.text)) for example in EXAMPLES]
    lexicon = learn(grams, most=1000)
    matrix = lexicon.matrix(grams)
    labels = np.array([sorted(PHRASES).index(example.label) for example in EXAMPLES])
    ours = linear.separate(matrix, labels, 4, c=0.5, seed=1)
    theirs = LinearSVC(C=0.5, tol=0.1, random_state=1).fit(matrix, labels)
    for text in ("where is the parcel", "取消 my order 99", "zzz"):
        vector = lexicon.vector(ngrams(text))
        expected = theirs.decision_function(lexicon.matrix([ngrams(text)]))[0]
        np.testing.assert_allclose(ours.of_sparse(vector), expected, atol=1e-5)


def test_a_restricted_lexicon_weighs_as_a_smaller_one_would() -> None:
    texts = [ngrams("red shoes"), ngrams("blue shoes"), ngrams("red boots")]
    lexicon = learn(texts, most=1000)
    matrix = lexicon.matrix(texts)
    known = matrix[:2].getnnz(axis=0) > 0
    restricted = lexicon.knowing(matrix[2:], known).toarray()[0]
    assert not restricted[~known].any()
    words = slice(len(lexicon.words))
    assert np.linalg.norm(restricted[words]) == pytest.approx(1)
    assert np.linalg.norm(restricted[len(lexicon.words) :]) == pytest.approx(1)


def test_regression_finds_the_best_weights() -> None:
    random = np.random.default_rng(0)
    data = random.normal(size=(60, 5)).astype(np.float32)
    labels = (data[:, 0] > 0).astype(int) + (data[:, 1] > 1)
    model = linear.regress(data, labels, 3, c=10.0)

    def loss(weights: np.ndarray) -> float:
        logs = linear.log_softmax(data @ weights + model.intercept)
        return float(-logs[np.arange(60), labels].sum() + (weights**2).sum() / 20)

    best = loss(model.weights)
    for _ in range(20):
        assert loss(model.weights + 0.05 * random.normal(size=model.weights.shape)) > best


def test_grams_of_chinese_japanese_and_korean_are_runs_of_characters() -> None:
    words, pieces = ngrams("我的order到哪了")
    assert {"我", "我的", "到哪了", "order"} <= set(words)
    assert " or" in pieces
    assert not any("哪" in piece for piece in pieces)
    assert {"주문", "ありが"} <= set(ngrams("주문 ありがとう")[0])


def test_grams_see_through_case_width_digits_and_control_characters() -> None:
    assert ngrams(plain("ＡＢ１２")) == ngrams(plain("ab98"))
    assert ngrams(plain("my\u200b \u202eorder\x00 7")) == ngrams(plain("My order 10023"))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000,
        "where is my order " * 600,
        "我" * 10_000,
        "😀" * 3000,
        "\x00\x01\x02",
        "مرحبا أين طلبي",
        "שלום",
        "\u202eevol\u202c",
        "???",
        "的order😀مرحبا",
        "order \ud800",
        "ﷺ" * 5000,
        "a\u0301" * 5000,
    ],
)
def test_any_text_is_read_in_bounded_time(fast: IntentModel, text: str) -> None:
    reading = fast.read(text)
    assert 0 <= reading.out_of_scope <= 1
    assert all(np.isfinite(confidence) for _, confidence in reading.ranking)
    assert sum(map(len, ngrams(plain(text)))) < 10_000
    assert isinstance(reading.why(), list)
    plain(text).encode()  # no half of a pair is left for an encoder to fall over


@pytest.mark.parametrize("text", ["", "   ", "\n", "\u200b"])
def test_nothing_means_nothing(fast: IntentModel, text: str) -> None:
    reading = fast.read(text)
    assert reading.ranking == []
    assert reading.is_out_of_scope
    assert reading.why() == []


def test_what_has_no_known_word_is_out_of_scope(fast: IntentModel) -> None:
    assert fast.read("😀").is_out_of_scope
    assert fast.read("Ω").is_out_of_scope
    assert not fast.read("where is my order").is_out_of_scope


def test_why_names_what_spoke_and_the_nearest_examples(fast: IntentModel) -> None:
    evidence = fast.read("refund my order").why()
    assert len(evidence) == 4
    assert evidence[0]["name"] == "refund"
    assert "refund" in [gram for gram, _ in evidence[0]["ngrams"]]
    assert evidence[0]["nearest"][0] == ["refund my order", 1.0]
    json.dumps(evidence)


def test_training_twice_gives_the_same_model(tmp_path: Path, encoder: Counting) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        train(EXAMPLES, Options(encoder="use")).save(folder)
    first, second = (np.load(folder / "intents.npz") for folder in folders)
    assert set(first) == set(second)
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_it_is_loaded_as_it_was(tmp_path: Path, encoder: Counting) -> None:
    model = train(EXAMPLES, Options(encoder="use", cascade=False))
    model.save(tmp_path)
    loaded = IntentModel.load(tmp_path)
    for text in ("where is my order", "退款", "what else", "new address for my box"):
        before, after = model.read(text), loaded.read(text)
        assert after.encoded
        assert after.ranking == before.ranking
        assert after.out_of_scope == pytest.approx(before.out_of_scope, abs=1e-3)
    nearest = loaded.read("refund my order").why()[0]["nearest"]
    assert nearest[0] == ["refund my order", pytest.approx(1.0, abs=1e-3)]


def test_the_cascade_spares_the_encoder_and_says_the_same(encoder: Counting) -> None:
    texts = [example.text for example in EXAMPLES]
    with_it = train(EXAMPLES, Options(encoder="use", cascade=True))
    encoder.encoded = 0
    spared = [with_it.read(text) for text in texts]
    assert encoder.encoded == sum(reading.encoded for reading in spared)
    assert 0 < encoder.encoded < len(texts)
    without = train(EXAMPLES, Options(encoder="use", cascade=False))
    same = [
        without.read(text).ranking[0][0] == reading.ranking[0][0]
        for text, reading in zip(texts, spared, strict=True)
    ]
    assert np.mean(same) > 0.99


def test_findings_name_both_lines() -> None:
    heard: list[str] = []
    examples = [
        *EXAMPLES,
        Example("cancel my order", "cancel", "b.yml:3"),
        Example("Where is it", "cancel", "b.yml:4"),
        Example("  ", "cancel", "b.yml:5"),
        Example("hello", "", "b.yml:6"),
        Example("good morning", "问候", "b.yml:7"),
    ]
    model = train(examples, FAST, say=heard.append)
    for finding in (
        "twice: 'cancel my order' (cancel) and 'cancel my order' (cancel, b.yml:3)",
        "the same text under two intents: 'where is it' (track) and 'Where is it' (cancel, b.yml:4)",
        "left out, no text: '  ' (cancel, b.yml:5)",
        "left out, no intent: 'hello' (, b.yml:6)",
        "intent 问候 has one example only: it will hardly be recognised",
    ):
        assert finding in heard
        assert finding in model.report["findings"]
    assert model.read("good morning").ranking[0][0] == "问候"


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_intents_are_enough(count: int) -> None:
    chosen = [example for example in EXAMPLES if example.label in sorted(PHRASES)[:count]]
    model = train(chosen, FAST)
    assert len(model.labels) == count
    assert {model.read(example.text).ranking[0][0] for example in chosen} == set(model.labels)


def test_lonely_examples_can_be_learnt(encoder: Counting) -> None:
    model = train([Example("hello", "greet"), Example("bye", "part")], Options(encoder="use"))
    assert model.read("hello").ranking[0][0] == "greet"
    assert model.read("bye").ranking[0][0] == "part"
    assert model.read("hello").encoded


def test_nothing_to_learn_is_one_line() -> None:
    with pytest.raises(TrainingDataError, match="at least one example"):
        train([Example(" ", "greet")], FAST)


def test_an_older_or_broken_folder_is_one_clear_line(tmp_path: Path, fast: IntentModel) -> None:
    def broken(folder: str, name: str, content: bytes | None) -> str:
        where = tmp_path / folder
        where.mkdir()
        fast.save(where)
        if content is None:
            (where / name).unlink()
        else:
            (where / name).write_bytes(content)
        with pytest.raises(ModelError) as caught:
            IntentModel.load(where)
        assert "\n" not in str(caught.value)
        assert "train again" in str(caught.value)
        return str(caught.value)

    fast.save(tmp_path)
    facts = (tmp_path / "intents.json").read_bytes()
    arrays = (tmp_path / "intents.npz").read_bytes()
    assert "another version" in broken(
        "a", "intents.json", facts.replace(b'"format": 2', b'"format": 1')
    )
    assert "never finished" in broken("b", "intents.json", None)
    assert "damaged" in broken("c", "intents.json", facts[:100])
    assert "damaged" in broken("d", "intents.npz", arrays[:-1])
    assert "missing" in broken("e", "intents.npz", None)
    assert "labels" in broken("f", "intents.json", facts.replace(b'"labels"', b'"stickers"'))
    assert "damaged" in broken("g", "intents.json", b"[]")


def test_another_encoder_than_at_training_is_refused(tmp_path: Path, encoder: Counting) -> None:
    train(EXAMPLES, Options(encoder="use")).save(tmp_path)
    encoder.fingerprint = "others"
    with pytest.raises(ModelError, match="not the one"):
        IntentModel.load(tmp_path)


def test_names_of_intents_are_learnt_only_where_they_help(encoder: Counting) -> None:
    assert not train(EXAMPLES * 20, FAST).report["names_learnt"]
    telling = [Example(e.text, e.label) for e in EXAMPLES if e.label != "changer d'adresse"]
    codes = {"track": "refund", "refund": "cancel", "cancel": "track"}
    lying = [Example(example.text, codes[example.label]) for example in telling]
    assert not train(lying, FAST).report["names_learnt"]


def test_every_label_keeps_an_example_when_others_are_held_out() -> None:
    labels = np.array([0] * 7 + [1] * 2 + [2])
    held_ever: list[int] = []
    for kept, held in folds(labels, seed=3):
        assert set(labels[kept]) == {0, 1, 2}
        assert not set(kept) & set(held)
        held_ever += held.tolist()
    assert sorted(held_ever) == list(range(9))


def test_temperature_makes_confidence_honest() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=(4000, 5))
    chances = np.exp(linear.log_softmax(scores))
    labels = np.array([random.choice(5, p=row) for row in chances])
    assert calibration.temperature(scores * 10, labels) == pytest.approx(10, rel=0.1)
    right = scores.argmax(axis=1) == labels
    assert calibration.calibration_error(chances.max(axis=1), right) < 0.03
    assert calibration.calibration_error(np.full(4000, 0.99), right) > 0.3


def test_words_count_as_much_as_they_are_right() -> None:
    random = np.random.default_rng(0)
    labels = random.integers(4, size=500)
    good = np.eye(4)[labels] + random.normal(0, 0.3, (500, 4))
    noise = random.normal(0, 1, (500, 4))
    meaning = linear.log_softmax(3 * good)
    assert calibration.weight_of_words(meaning, noise, labels) <= 0.25
    assert calibration.weight_of_words(linear.log_softmax(noise), good, labels) >= 3


def test_the_threshold_keeps_the_share_that_was_asked_for() -> None:
    signs = np.random.default_rng(0).normal(size=(1000, 3))
    found = out_of_scope.familiarity(signs, keep=0.9)
    assert (found.strangeness(signs) <= 0.5).mean() == pytest.approx(0.9, abs=0.002)
    assert found.strangeness(np.array([-9.0, -9, -9])) > 0.99
    assert found.strangeness(np.array([9.0, 9, 9])) < 0.01


def test_examples_are_found_in_their_lines(tmp_path: Path) -> None:
    (tmp_path / "nlu.yml").write_bytes(
        "\ufeffversion: '3.1'\r\nnlu:\r\n- intent: track\r\n  examples: |\r\n"
        "    - where is [10023](order_number)\r\n    - 到哪了\r\n"
        "- synonym: box\r\n  examples: |\r\n    - carton\r\n"
        '- intent: "cancel" # why\r\n  examples: |\r\n    - stop [it]{"entity": "x"}\r\n'.encode()
    )
    found = origins(tmp_path)
    assert found == {
        ("track", "where is 10023"): [f"{tmp_path / 'nlu.yml'}:5"],
        ("track", "到哪了"): [f"{tmp_path / 'nlu.yml'}:6"],
        ("cancel", "stop it"): [f"{tmp_path / 'nlu.yml'}:12"],
    }
    assert origins(tmp_path / "nowhere") == {}


def test_scores() -> None:
    assert accuracy(["a", "b"], ["a", "a"]) == 0.5
    assert macro_f1(["a", "b"], ["a", "a"]) == pytest.approx(0.3333)
    assert ece(["a", "b"], ["a", "a"], [1.0, 1.0]) == 0.5
    assert auroc([0.1, 0.2], [0.3, 0.15]) == 0.75
    assert recall_at([0.1, 0.2], [0.3, 0.15], 1.0) == 0.5
    assert accuracy([], []) is macro_f1([], []) is ece([], [], []) is None
    assert auroc([0.1], []) is recall_at([0.1], [], 0.95) is None


def test_progress_is_told(encoder: Counting) -> None:
    heard: list[str] = []
    train(EXAMPLES, Options(encoder="use"), say=heard.append)
    assert f"encoded {len(EXAMPLES) + 4} of {len(EXAMPLES) + 4}" in heard
    assert len(EXAMPLES) + 4 <= material.BATCH


def test_an_unknown_encoder_is_one_line() -> None:
    with pytest.raises(EncoderError, match="choose use, minilm, none or hub:"):
        open_encoder("gpt")


def test_spelling_is_repaired_by_the_words_of_the_examples(tmp_path: Path) -> None:
    told = [
        f"{start} {words}"
        for words in ("cancel my order", "return this item")
        for start in "abcdefgh"
    ]
    examples = [Example(text, text.split()[1], f"x:{n}") for n, text in enumerate(told)]
    model = train(examples, Options(encoder="none", spelling=True))
    model.save(tmp_path)
    for one in (model, IntentModel.load(tmp_path)):
        for text in ("cacnel", "cancelmyorder", "CANCELL", "can\u200bcel"):
            assert one.read(text).ranking[0][0] == "cancel", text
        assert one.read("retunr").ranking == one.read("return").ranking
    assert (
        train(examples, Options(encoder="none")).read("retunr").ranking
        != model.read("return").ranking
    )
