"""Headless Chromium, driven through its DevTools protocol, and a server of a folder's files."""

import base64
import contextlib
import functools
import http.server
import itertools
import json
import os
import select
import subprocess
import tempfile
import threading
import time

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    # No name but this machine's address is found: a page that needs the network fails.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)


class Browser:
    """One page of a headless Chromium. A context manager: it ends the browser.

    Args:
        program: Chromium's path.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, program, timeout=60):
        self._timeout, self._numbers, self._rest = timeout, itertools.count(1), b""
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # Chromium reads commands from descriptor 3 and writes answers to 4.
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        redirected = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
        flags = [*_FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"]
        self._process = subprocess.Popen(
            ["bash", "-c", redirected, program, *flags],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        page = self._command_browser("Target.createTarget", url="about:blank")["targetId"]
        attached = self._command_browser("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        self.command("Page.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError, RuntimeError):
            self._command_browser("Browser.close")
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)
        self._profile.cleanup()

    def open(self, url):
        """Goes to an address."""
        self.command("Page.navigate", url=url)

    def run(self, script):
        """Runs the body of an async JavaScript function in the page, and gives what it returns.

        Raises:
            RuntimeError: with the page's message, if the script throws.
        """
        answer = self.command(
            "Runtime.evaluate",
            expression=f"(async () => {{{script}}})()",
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def wait_until(self, expression):
        """Waits until a JavaScript expression is true, on whatever page is there by then."""
        end = time.monotonic() + self._timeout
        while time.monotonic() < end:
            # A page on its way out throws.
            with contextlib.suppress(RuntimeError):
                if self.run(f"return Boolean({expression})"):
                    return
            time.sleep(0.05)
        raise TimeoutError(f"the page never had {expression}")

    def screenshot(self, path, width, height):
        """Writes a picture of the page, in a window of that size, as a PNG file."""
        size = {"width": width, "height": height}
        self.command(
            "Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False
        )
        data = self.command("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def version(self):
        """The browser's version."""
        return self._command_browser("Browser.getVersion")["product"].partition("/")[2]

    def page_processes(self):
        """The ids of the processes that run pages, this one's among them."""
        processes = self._command_browser("SystemInfo.getProcessInfo")["processInfo"]
        return [each["id"] for each in processes if each["type"] == "renderer"]

    def command(self, method, **parameters):
        """Sends a command to the page, and gives its result."""
        return self._send({"method": method, "params": parameters, "sessionId": self._session})

    def _command_browser(self, method, **parameters):
        return self._send({"method": method, "params": parameters})

    def _send(self, message):
        number = next(self._numbers)
        data = json.dumps({"id": number, **message}).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        while (answer := self._receive()).get("id") != number:
            pass
        if "error" in answer:
            raise RuntimeError(answer["error"]["message"])
        return answer["result"]

    def _receive(self):
        while b"\0" not in self._rest:
            if not select.select([self._in], [], [], self._timeout)[0]:
                raise TimeoutError(f"Chromium said nothing for {self._timeout} seconds")
            received = os.read(self._in, 1 << 20)
            if not received:
                raise OSError("Chromium ended")
            self._rest += received
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@contextlib.contextmanager
def served(folder):
    """Serves a folder as `python -m http.server` does, and gives its address."""
    handler = functools.partial(_QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass
