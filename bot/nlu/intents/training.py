"""Learns an intent classifier from examples."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from bot.nlu.encoders import open_encoder
from bot.nlu.intents.calibration import calibration_error, temperature
from bot.nlu.intents.examples import Checked, Example, TrainingDataError, check
from bot.nlu.intents.folds import ENOUGH
from bot.nlu.intents.held_out import HeldOut, hold_out
from bot.nlu.intents.linear import regress, separate
from bot.nlu.intents.material import Material, Say, prepare
from bot.nlu.intents.model import IntentModel, Meaning, Words
from bot.nlu.intents.neighbours import gather
from bot.nlu.intents.options import Options
from bot.nlu.intents.out_of_scope import familiarity, margin
from bot.nlu.normalise import Words as Vocabulary

# Of fewer held-out texts nothing can be learnt about what is out of scope or sure.
FEWEST = 20
# What is strange sometimes has words of an intent: with more skipped, it would be found less often (0.96 against 0.94
# at 0.7 and 0.90 at 0.8, of messages of another trade, with 95 % of the known kept).
MOST_SKIPPED = 0.6
# A softmax over the margins of support vector machines is far too flat; used until examples say better.
USUAL_TEMPERATURE = 0.25


def train(
    examples: Iterable[Example],
    options: Options | None = None,
    *,
    say: Say = lambda _: None,
    warn: Say | None = None,
) -> IntentModel:
    """Equal examples and options give an equal model; `say` hears of progress, `warn` (or `say`) of findings."""
    checked = check(examples)
    for finding in checked.findings:
        (warn or say)(finding)
    if not checked.examples:
        raise TrainingDataError(TrainingDataError.__doc__)
    # With more threads sums come in another order and the model would differ in the last digits.
    with threadpool_limits(limits=1):
        return _train(checked, options or Options(), say)


def _train(checked: Checked, options: Options, say: Say) -> IntentModel:
    begun = time.perf_counter()
    names = sorted({example.label for example in checked.examples})
    encoder = open_encoder(options.encoder)
    material = prepare(checked.examples, names, encoder, options.most, say)
    say("learning with examples held out")
    material, held = _with_or_without_names(material, options)
    say("learning from all examples")
    words, meaning = _words(material, held, options), _meaning(material, held, options)
    report = {
        "examples": material.examples,
        "intents": len(names),
        "encoder": options.encoder,
        "names_learnt": len(material.labels) > material.examples,
        "findings": checked.findings,
        **_expected(held, words, meaning),
        "seconds": round(time.perf_counter() - begun, 1),
    }
    texts = [(example.text, names.index(example.label)) for example in checked.examples]
    vocabulary = Vocabulary.of(text for text, _ in texts) if options.spelling else None
    return IntentModel(names, texts, words, meaning, encoder, report, options.cascade, vocabulary)


def _with_or_without_names(material: Material, options: Options) -> tuple[Material, HeldOut]:
    """The name of an intent is one more example of it, if held-out examples agree.

    With few examples it often tells much; with many it tells nothing, and is not tried.
    """
    bare = material.without_names()
    held = hold_out(bare, options)
    if len(held.labels) >= FEWEST and material.examples <= ENOUGH:
        named = hold_out(material, options)
        if named.quality() > held.quality():
            return material, named
    return bare, held


def _words(material: Material, held: HeldOut, options: Options) -> Words:
    linear = separate(
        material.words, material.labels, material.count, c=options.c_words, seed=options.seed
    )
    if len(held.labels) < FEWEST:
        held = HeldOut(held.labels[:0], held.words[:0], None, None)
    lead = margin(held.words)
    signs = np.stack([lead, held.words.max(axis=1)], axis=1)
    hot = temperature(held.words, held.labels) if len(held.labels) else USUAL_TEMPERATURE
    sure = _sure(held, lead, options.loss)
    return Words(material.lexicon, linear, hot, familiarity(signs, options.keep), sure)


def _meaning(material: Material, held: HeldOut, options: Options) -> Meaning | None:
    if material.vectors is None or held.logits is None or held.near is None:
        return None
    linear = regress(material.vectors, material.labels, material.count, c=options.c_meaning)
    examples = np.arange(material.examples)
    neighbours = gather(material.vectors, material.labels, examples, material.count)
    if len(held.labels) < FEWEST:
        return Meaning(linear, neighbours, 1.0, 1.0, familiarity(np.zeros((0, 3)), options.keep))
    weight = held.weight_of_words()
    signs = np.stack([held.logits.max(axis=1), held.near, margin(held.words)], axis=1)
    hot = temperature(held.scores(weight), held.labels)
    return Meaning(linear, neighbours, weight, hot, familiarity(signs, options.keep))


def _sure(held: HeldOut, lead: np.ndarray, loss: float) -> float:
    """The smallest lead from which words alone make at most `loss` new mistakes; never, if nothing was held out.

    Mistakes that words alone avoid are not set off against them: so few texts tell too little.
    """
    if not len(held.labels):
        return float(np.inf)
    by_words = held.words.argmax(axis=1) == held.labels
    by_both = held.scores(held.weight_of_words()).argmax(axis=1) == held.labels
    order = np.argsort(-lead, kind="stable")
    new = np.cumsum(by_both[order] & ~by_words[order])
    skipped = min(int((new <= loss * len(order)).sum()), int(MOST_SKIPPED * len(order)))
    return float(lead[order[skipped - 1]]) if skipped else float(np.inf)


def _expected(held: HeldOut, words: Words, meaning: Meaning | None) -> dict[str, Any]:
    """What the held-out examples let one expect of new messages."""
    if not len(held.labels):
        return {}
    hot = words.temperature if meaning is None else meaning.temperature
    scores = held.scores(1.0 if meaning is None else meaning.weight_of_words) / hot
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    confidences = powers.max(axis=1) / powers.sum(axis=1)
    right = scores.argmax(axis=1) == held.labels
    encoded = 0.0 if meaning is None else float((margin(held.words) < words.sure).mean())
    return {
        "held_out": len(held.labels),
        "accuracy": round(float(right.mean()), 4),
        "ece": round(calibration_error(confidences, right), 4),
        "weight_of_words": None if meaning is None else meaning.weight_of_words,
        "encoded_rate": round(encoded, 4),
    }
