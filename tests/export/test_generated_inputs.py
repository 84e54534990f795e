"""Whatever is sent to an exported model, it answers, or says what is wrong, and goes on.

A few dozen generated inputs are tried. To try thousands, other ones each time:

    S2S_GENERATED_INPUTS=5000 python -m pytest tests/export/test_generated_inputs.py
"""

import datetime
import itertools
import os

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from s2s_keras.errors import InputError
from s2s_keras.export.litert_model import LiteRTModel

FEW = 40
INPUTS = int(os.environ.get("S2S_GENERATED_INPUTS", FEW))
SOURCE = np.array([[7, 8, 9, 3]], "int32")
BEGIN, END = 2, 3

SCRIPTS = [
    "Der Hund schläft.",
    "Łódź, déjà vu, ﬁ ½ ①",
    "Русский, ελληνικά, Հայերեն, ქართული",
    "עברית \u202eغزة یپژ\u202c",
    "日本語のテキスト 中文 한국어",
    "हिन्दी தமிழ் ไทย ភាសាខ្មែរ ᠮᠣᠩᠭᠣᠯ",
    "👩‍🚀🏳️‍🌈 e\u0301 \U0001f1e9\U0001f1ea 𐍈𒀀",
]
CONTROLS = "".join(map(chr, [*range(32), 0x7F, 0x85, 0xA0, 0x2028, 0x200B, 0xFEFF, 0xFFFD, 0xE000]))
NO_UTF8 = [b"\xff\xfe", b"caf\xe9", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xe2\x82"]
AWKWARD = [*(text.encode() for text in SCRIPTS), *NO_UTF8, b"", b" \t\n ", b"\0", b"a\0b"]


def generated(share):
    """The settings for a share of the inputs. One that takes minutes counts as a hang."""
    return settings(
        max_examples=max(2, round(INPUTS * share)),
        derandomize=INPUTS == FEW,
        database=None,
        deadline=datetime.timedelta(minutes=3),
        suppress_health_check=list(HealthCheck),
    )


def thousand(rows):
    return list(itertools.islice(itertools.cycle(rows), 1000))


short = st.one_of(
    st.text(max_size=30).map(str.encode),
    st.text(CONTROLS, max_size=12).map(str.encode),
    st.sampled_from(AWKWARD),
    st.binary(max_size=30),
)
# Up to 100,000 bytes, and so for the most part not cut between two characters.
long = st.builds(
    lambda text, count: text * (1 + count // max(1, len(text))), short, st.integers(1000, 100_000)
)
few = st.lists(short, max_size=6)
tiny = st.one_of(st.sampled_from(NO_UTF8), st.text(max_size=3).map(str.encode))
text_batches = st.sampled_from(["few"] * 44 + ["long"] * 5 + ["many"]).flatmap(
    {
        "few": few,
        "long": st.lists(st.one_of(short, long), min_size=1, max_size=3),
        "many": st.lists(tiny, max_size=6).map(thousand),
    }.get
)


@st.composite
def id_batches(draw):
    """Ids int32 `(batch, source)`; in half of the batches some may be none."""
    ids = st.one_of(st.integers(0, 5), st.integers(0, 390))
    if draw(st.booleans()):
        ids = st.one_of(ids, ids, ids, st.integers(-(2**31), 2**31 - 1))
    rows, columns = draw(st.integers(0, 5)), draw(st.integers(0, 30))
    flat = draw(st.lists(ids, min_size=rows * columns, max_size=rows * columns))
    batch = np.array(flat, "int32").reshape(rows, columns)
    kind = draw(st.sampled_from(["few"] * 44 + ["wide"] * 5 + ["many"]))
    if kind == "wide":
        return np.tile(batch, (1, draw(st.integers(2, 1000))))
    return batch[np.arange(1000) % rows] if kind == "many" and rows else batch


@pytest.fixture(scope="module")
def signatures(exported):
    model = tf.saved_model.load(str(exported / "1"))
    # A signature does not keep alive the object that owns its variables.
    yield model.signatures
    del model


@pytest.fixture(scope="module")
def litert(exported):
    return LiteRTModel(exported / "litert" / "float32.tflite")


@pytest.fixture(scope="module", params=["float32", "int8"])
def runners(exported, request):
    """The signatures of a file as any program has them, without this package."""
    path = exported / "litert" / f"{request.param}.tflite"
    interpreter = Interpreter(str(path), num_threads=1)
    names = interpreter.get_signature_list()
    before = interpreter.get_signature_runner("greedy")(source=SOURCE)
    yield {name: interpreter.get_signature_runner(name) for name in names}
    after = interpreter.get_signature_runner("greedy")(source=SOURCE)
    np.testing.assert_array_equal(after["tokens"], before["tokens"])


def check_translations(batch, answer):
    texts, scores = answer["text"].numpy(), answer["score"].numpy()
    assert texts.shape == scores.shape == (len(batch),)
    assert np.isfinite(scores).all()
    for source, target, score in zip(batch, texts, scores, strict=True):
        assert not set(target.decode()) & {"\n", "\r"}
        assert score <= 1e-4
        assert source.strip() or (target, score) == (b"", 0)


def check_attention(batch, answer):
    check_translations(batch, answer)
    source, output = answer["source_tokens"].numpy(), answer["output_tokens"].numpy()
    weights = answer["weights"].numpy()
    assert weights.shape == (len(batch), output.shape[1], source.shape[1])
    np.testing.assert_allclose(weights.sum(axis=-1), output != b"", atol=1e-4)
    assert not weights[np.broadcast_to((source == b"")[:, np.newaxis], weights.shape)].any()


def check_tokens(source, tokens, score):
    assert (len(tokens), *np.shape(score)) == (len(source), len(source))
    assert np.isfinite(score).all()
    for ids, target in zip(source, tokens, strict=True):
        length = np.count_nonzero(target)
        assert not target[length:].any()
        assert (target[:length] >= END).all()
        assert not (target[: length - 1] == END).any()
        assert (length == 0) == (np.count_nonzero(ids) <= 1)


@generated(share=1 / 2)
@given(batch=text_batches)
@example(batch=[])
@example(batch=[b"", b" "])
@example(batch=AWKWARD)
@example(batch=[b"x" * 100_000, b"wort " * 20_000, b"\xff" * 100_000, b""])
@example(batch=thousand(NO_UTF8))
def test_texts(signatures, litert, batch):
    text = tf.constant(batch, tf.string)
    for name in ("serving_default", "beam"):
        check_translations(batch, signatures[name](text=text))
    check_attention(batch, signatures["attention"](text=text))
    for name in ("greedy", "beam"):
        check_translations(batch, litert.translate(text, name))
    check_attention(batch, litert.attend(text))


@generated(share=1 / 1000)
@given(batch=text_batches)
@example(batch=[])
@example(batch=AWKWARD[:4])
def test_texts_in_compiled_signatures(signatures, batch):
    """Far fewer: each new shape of a batch is compiled."""
    for name in ("serving_fast", "beam_fast"):
        check_translations(batch, signatures[name](text=tf.constant(batch, tf.string)))


AWKWARD_IDS = [
    np.zeros((0, 0), "int32"),
    np.zeros((0, 5), "int32"),
    np.zeros((2, 0), "int32"),
    np.zeros((2, 5), "int32"),
    np.array([[7, 8, 9], [3, 0, 0], [0, 7, 3]], "int32"),
    np.array([[7, -1, 3]], "int32"),
    np.array([[2**31 - 1, -(2**31)]], "int32"),
    np.full((1, 100_000), 7, "int32"),
]


def id_examples(test):
    for source in AWKWARD_IDS:
        test = example(source=source)(test)
    return test


def read(source, description):
    """The part of a source that is read, and whether all in it are ids."""
    source = source[:, : description["max_length"]]
    return source, ((source >= 0) & (source < description["vocabulary_size"])).all()


@generated(share=1 / 4)
@given(source=id_batches())
@id_examples
def test_ids_in_a_saved_model(signatures, litert, source):
    given_ids = tf.constant(source)
    source, are_ids = read(source, litert.description)
    if are_ids:
        answer = signatures["tokens"](source=given_ids)
        check_tokens(source, answer["tokens"].numpy(), answer["score"].numpy())
    else:
        with pytest.raises(tf.errors.InvalidArgumentError, match="an id must be from 0 to 399"):
            signatures["tokens"](source=given_ids)


@generated(share=1 / 8)
@given(source=id_batches())
@id_examples
def test_ids_in_litert(runners, litert, source):
    for name in ("greedy", "beam", "encode"):
        kept, are_ids = read(source, litert.description)
        if not kept.shape[1]:
            with pytest.raises(RuntimeError, match="failed to prepare"):
                runners[name](source=source)
        elif not are_ids:
            with pytest.raises(RuntimeError, match="gather index out of bounds"):
                runners[name](source=source)
        else:
            answer = runners[name](source=source)
            if name != "encode":
                check_tokens(kept, answer["tokens"], answer["score"])


@generated(share=1 / 8)
@given(
    token=st.one_of(st.integers(0, 399), st.integers(-(2**31), 2**31 - 1)),
    position=st.one_of(st.integers(-1, 40), st.integers(-(2**31), 2**31 - 1)),
)
@example(token=-1, position=0)
@example(token=400, position=0)
@example(token=BEGIN, position=2**31 - 1)
def test_steps_in_litert(runners, token, position):
    state = runners["encode"](source=SOURCE)
    state["position"] = np.array(position, "int32")
    token = np.array([token], "int32")
    if 0 <= token[0] < 400:
        assert np.isfinite(runners["decode_step"](token=token, **state)["logits"]).all()
    else:
        with pytest.raises(RuntimeError, match="gather index out of bounds"):
            runners["decode_step"](token=token, **state)


def test_a_source_beyond_the_maximum_length_is_cut(signatures, runners):
    ids = np.arange(2000, dtype="int32")[np.newaxis] % 300 + 4
    for run in (runners["greedy"], runners["beam"]):
        np.testing.assert_array_equal(run(source=ids)["tokens"], run(source=ids[:, :256])["tokens"])
    whole, cut = (signatures["tokens"](source=tf.constant(each)) for each in (ids, ids[:, :256]))
    np.testing.assert_array_equal(whole["tokens"], cut["tokens"])
    assert runners["encode"](source=ids)["shared_mask"].shape == (1, 256)


def test_what_litert_refuses_is_bad_input(litert):
    with pytest.raises(InputError, match=r"cannot run greedy \(gather index out of bounds"):
        litert.run("greedy", source=np.array([[400, 3]], "int32"))
    with pytest.raises(InputError, match="cannot run encode"):
        litert.run("encode", source=np.array([7.0, 3.0]))
