"""The web page of `examples/web`, in headless Chromium, with the files that `export` wrote."""

import json

import keras
import numpy as np
import pytest
from small_models import DECODERS, ENCODERS

from s2s_keras.corpora import load_corpus
from s2s_keras.export.golden_vectors import golden_vectors
from s2s_keras.export.litert import litert_files
from s2s_keras.export.litert_model import LiteRTModel
from s2s_keras.models import EncoderDecoder
from s2s_keras.report import web_page
from s2s_keras.report.browser import Browser, served
from s2s_keras.search import TextToText
from s2s_keras.tokenizer import Tokenizer

MODELS = ("gru-attention", "transformer")
LINES = [
    "Der Hund schläft.",
    "Die Katzen sehen den Mann.",
    "Ein Mann, der liest",
    "🤖 日本語",
    "x",
    " zwei  Leerzeichen\t",
    "Der Hund schläft. " * 40,
]
AWKWARD = [
    "\ue0001 \ue000\u2581\ue0000",
    "\0",
    "a\0b",
    "\r\n\x1b[0m",
    "\ufeff\u2028\U0010ffff",
    "<s></s><unk><pad><0x41>",
    "Hund " * 600,
]
IMPORTS = """
    const { Model } = await import('./model.js');
    const { Tokenizer } = await import('./tokenizer.js');
    const { sourceIds, targetText, translate } = await import('./search.js');
    const model = await Model.load('%s');
    const tokenizer = await Tokenizer.load(model.tokenizer);
"""


@pytest.fixture(scope="module")
def folder(exported, transformer, tmp_path_factory):
    """The page with its packages, and an export beside it, as its README says."""
    if web_page.obstacle() is not None:
        pytest.skip(web_page.obstacle())
    folder = tmp_path_factory.mktemp("web") / "page"
    try:
        web_page.install(folder)
    except web_page.PageError as error:
        pytest.skip(str(error))
    (folder / "export").symlink_to(exported)
    (folder / "gru-attention.tflite").symlink_to(exported / "litert" / "float32.tflite")
    (folder / "transformer.tflite").write_bytes(transformer)
    return folder


@pytest.fixture(scope="module")
def transformer(exported):
    """A `.tflite` file of a Transformer that has learned nothing."""
    tokenizer = Tokenizer.load(exported / "tokenizer.model")
    keras.utils.set_random_seed(3)
    model = EncoderDecoder(
        vocabulary_size=tokenizer.vocabulary_size,
        embedding_units=8,
        encoder=ENCODERS["transformer-encoder"](),
        decoder=DECODERS["transformer-decoder"](),
    )
    model.build()
    model.set_weights([2 * each for each in model.get_weights()])
    description = json.loads((exported / "results.json").read_text())
    files = litert_files(TextToText(model, tokenizer, 100), 2, {**description, "max_length": 100})
    return next(data for precision, data in files if precision == "float32")


@pytest.fixture(scope="module")
def address(folder):
    with served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def browser(folder):
    with Browser(web_page.browser_program()) as browser:
        yield browser


def opened(browser, address, query=""):
    """The browser with the page ready for typing, or with whatever went wrong."""
    browser.open(f"{address}/index.html{query}")
    wait(browser)
    return browser


def wait(browser):
    """Waits until the page is idle."""
    script = "document.querySelector('#status').textContent.match(/[^…]$/)"
    idle = "document.querySelector('#answer').ariaBusy === 'false'"
    browser.wait_until(f"document.readyState === 'complete' && {script} && {idle}")


def translated(browser, text):
    """Types a text and has it translated."""
    browser.run(
        f"document.querySelector('#source').value = {json.dumps(text)};"
        "document.querySelector('#translate').click();"
    )
    wait(browser)


def content(browser, selector):
    return browser.run(f"return document.querySelector('{selector}').textContent")


def decoded(browser, path, lines):
    """Ids, `greedy`'s tokens, the steps' tokens and weights, and the text, of each line."""
    return browser.run(
        IMPORTS % path
        + f"""
        const answers = [];
        for (const line of {json.dumps(lines)}) {{
          const {{ ids }} = sourceIds(line, tokenizer, model.width);
          const tokens = [], weights = [];
          for await (const step of translate(model, ids)) {{
            tokens.push(step.token);
            weights.push([...step.weights]);
          }}
          const text = targetText(tokens, tokenizer);
          answers.push({{ ids, greedy: await model.greedy(ids), tokens, weights, text }});
        }}
        model.delete();
        return answers;
        """
    )


def test_the_tokenizer_reproduces_the_golden_vectors(browser, address, exported):
    pairs = load_corpus("grammar", "de", "en").split("test")[:100]
    texts = [*AWKWARD, *(text for pair in pairs for text in pair)]
    expected = golden_vectors(Tokenizer.load(exported / "tokenizer.model"), texts)
    script = f"""
        return {json.dumps(expected)}.map(({{ text, ids }}) => (
          {{ text, ids: tokenizer.encode(text), decoded: tokenizer.decode(ids) }}
        ));
    """
    opened(browser, address)
    assert browser.run(IMPORTS % "export/litert/int8.tflite" + script) == expected


@pytest.mark.parametrize("name", MODELS)
def test_the_steps_give_the_tokens_of_greedy_and_of_python(browser, address, folder, name):
    found = decoded(opened(browser, address), f"{name}.tflite", LINES)
    in_python = LiteRTModel(folder / f"{name}.tflite")
    for line, answer in zip(LINES, found, strict=True):
        source = np.zeros((1, 64), "int32")
        source[0, : len(answer["ids"])] = answer["ids"]
        expected = in_python.run("greedy", source=source)["tokens"]
        expected = expected[expected != 0].tolist()
        assert expected
        assert (answer["greedy"], answer["tokens"]) == (expected, expected)
        if len(answer["ids"]) < 64:
            attended = in_python.attend([line])
            assert answer["text"] == attended["text"][0].numpy().decode()
            np.testing.assert_allclose(answer["weights"], attended["weights"][0], atol=1e-4)


def test_a_typed_sentence_is_translated_and_drawn(browser, address, folder):
    text, in_python = "Der Hund schläft.", LiteRTModel(folder / "gru-attention.tflite")
    expected = in_python.attend([text])
    opened(browser, address, "?precision=float32")
    assert content(browser, "#source-language") == "German"
    translated(browser, text)
    assert content(browser, "#target") == expected["text"][0].numpy().decode()
    percents = browser.run(
        "return [...document.querySelectorAll('#heatmap tbody tr')].map("
        "(row) => [...row.querySelectorAll('td')].map((cell) => Number(cell.textContent)))"
    )
    np.testing.assert_allclose(percents, 100 * expected["weights"][0], atol=0.51)
    headers = browser.run(
        "return [...document.querySelectorAll('#heatmap thead th')].map((each) => each.innerText)"
    )
    pieces = [each.decode() for each in expected["source_tokens"][0].numpy()]
    assert headers == [*pieces[:-1], "■"]


def test_an_address_can_name_text_and_weights(browser, address):
    opened(browser, address, "?precision=int8&text=Der%20Hund")
    browser.wait_until("document.querySelector('#heatmap td')")
    wait(browser)
    assert "subwords in" in content(browser, "#status")


def test_the_weights_can_be_changed(browser, address, exported):
    opened(browser, address)
    for precision in ("float32", "int8"):
        size = (exported / "litert" / f"{precision}.tflite").stat().st_size
        browser.run(f"document.querySelector('[value={precision}]').click()")
        wait(browser)
        assert content(browser, "#status") == f"Ready: {precision}, {size / 1e6:.1f} MB."


@pytest.mark.parametrize("text", ["", " \n\t "])
def test_an_empty_text_is_asked_for(browser, address, text):
    opened(browser, address)
    translated(browser, text)
    assert content(browser, "#status") == "Type a text first."
    assert browser.run("return document.querySelector('#answer').hidden")


def test_a_long_text_is_cut_and_said_to_be(browser, address, exported):
    text = "Der Hund schläft. " * 40
    opened(browser, address)
    translated(browser, text)
    ids = Tokenizer.load(exported / "tokenizer.model").tokenize([text.strip()])[0]
    left = f"its first 63 subwords, and {len(ids) - 63} were left out."
    assert left in content(browser, "#status")


def test_a_missing_model_is_said_to_be(browser, address):
    opened(browser, address, "?model=elsewhere")
    assert "No model at" in content(browser, "#status")
    assert "/elsewhere/litert/int8.tflite (404)" in content(browser, "#status")
    assert browser.run("return document.querySelector('#translate').disabled")


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"abc"])
def test_a_damaged_model_is_said_to_be(browser, address, folder, exported, damage):
    damaged = folder / "damaged" / "litert" / "int8.tflite"
    damaged.parent.mkdir(parents=True, exist_ok=True)
    damaged.write_bytes(damage((exported / "litert" / "int8.tflite").read_bytes()))
    opened(browser, address, "?model=damaged")
    assert "or it is cut short: it lacks its tokenizer" in content(browser, "#status")


def test_the_page_fits_a_phone(browser, address, tmp_path):
    opened(browser, address, "?text=Der%20Hund%20sieht%20den%20Mann")
    browser.screenshot(tmp_path / "page.png", 390, 800)
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
