"""A `.tflite` file in a page of headless Chromium, by LiteRT.js."""

import contextlib
import json

from s2s_keras.report import web_page
from s2s_keras.report.browser import Browser, served
from s2s_keras.report.memory import peak_memory
from s2s_keras.report.runtimes.runtime import Runtime as BaseRuntime

_LOAD = """
const { deleteAll, Model } = await import('./model.js');
const { Tokenizer } = await import('./tokenizer.js');
const { sourceIds, targetText } = await import('./search.js');
const model = await Model.load('%s');
const tokenizer = await Tokenizer.load(model.tokenizer);
globalThis.translated = async (text) => {
  const source = model.sourceTensor(sourceIds(text, tokenizer, model.width).ids);
  const outputs = await model.run('greedy', { source });
  const tokens = [...outputs.tokens.toTypedArray()].filter((token) => token !== 0);
  const score = outputs.score.toTypedArray()[0];
  deleteAll({ source, ...outputs });
  return [targetText(tokens, tokenizer), score];
};
"""


class Runtime(BaseRuntime):
    """The signature `greedy` of a `.tflite` file, called in the modules of `examples/web`.

    The browser runs before `load` begins, and shows an empty page.

    Args:
        page: the folder with the page and its packages.
        model: the file's path in that folder.
    """

    def __init__(self, page, model):
        self._page, self._model = page, model
        self._open = contextlib.ExitStack()
        address = self._open.enter_context(served(page))
        self._browser = self._open.enter_context(Browser(web_page.browser_program()))
        self._browser.open(f"{address}/{web_page.EMPTY_PAGE}")
        self._browser.wait_until("document.readyState === 'complete'")

    def load(self):
        """Loads the page's modules, LiteRT.js and the file."""
        self._browser.run(_LOAD % self._model)

    def translate(self, text):
        """Translates a text in the page."""
        return tuple(self._browser.run(f"return translated({json.dumps(text)})"))

    def peak_memory(self):
        """That of the process that runs the page; the browser has others."""
        peaks = [peak_memory(each) for each in self._browser.page_processes()]
        return max((peak for peak in peaks if peak), default=None)

    def versions(self):
        """The browser's, and LiteRT.js's."""
        return {
            "chromium": self._browser.version(),
            "@litertjs/core": web_page.package_version(self._page, "@litertjs/core"),
        }

    def close(self):
        """Ends the browser and the server."""
        self._open.close()
