"""Downloads into the Keras cache folder: once, checked, whole or not at all."""

import contextlib
import hashlib
import os
import socket
import sys
import tempfile
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from s2s_keras.corpora.text_lines import read_lines, write_lines
from s2s_keras.errors import InputError

TIMEOUT_SECONDS = 30
USER_AGENT = "Mozilla/5.0 (compatible; s2s_keras)"


def download_listed(url: str, folder: str, sha256: str) -> Path:
    """Downloads a file whose SHA-256 is known, unless the cache has it.

    Args:
        url: where the file is published.
        folder: the corpus's folder below `s2s_keras` in the Keras cache folder.
        sha256: the file's SHA-256. A file in the cache that has another is downloaded again.

    Returns:
        The file's path in the cache.

    Raises:
        InputError: if the file cannot be downloaded, or arrives with another SHA-256.
    """
    path = _cache_path(url, folder)
    if not (path.is_file() and file_sha256(path) == sha256):
        _download(url, path, lambda file: file_sha256(file) == sha256)
    return path


def download_recorded(url: str, folder: str) -> Path:
    """Downloads a zip archive that its publisher changes now and then, unless the cache has it.

    No SHA-256 can be known beforehand, so the archive's own checksums are verified, whether it was
    downloaded or saved there by hand. Its SHA-256 is then written beside it, as `sha256sum` writes
    it, and compared ever after.

    Args:
        url: where the archive is published.
        folder: the corpus's folder below `s2s_keras` in the Keras cache folder.

    Returns:
        The archive's path in the cache.

    Raises:
        InputError: if the archive cannot be downloaded, or is damaged, or has changed in the cache.
    """
    path = _cache_path(url, folder)
    record = path.with_name(f"{path.name}.sha256")
    if not path.is_file():
        record.unlink(missing_ok=True)
        _download(url, path, _is_whole_zip)
    found = f"{file_sha256(path)}  {path.name}"
    if not record.is_file():
        if not _is_whole_zip(path):
            raise InputError(f"{path} is no whole zip archive: delete it and get it again")
        write_lines(record, [found])
    elif read_lines(record) != [found]:
        raise InputError(
            f"{path} is not the archive that was downloaded first (its SHA-256 is not the one in "
            f"{record.name}): delete it to download it anew"
        )
    return path


def file_sha256(path: Path) -> str:
    """Gives a file's SHA-256 in hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_whole_zip(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    # The latter two: a method of compression that is unknown, and a password.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        return False


def _cache_path(url: str, folder: str) -> Path:
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    return home / "s2s_keras" / folder / url.rsplit("/", 1)[-1]


def _download(url: str, path: Path, is_whole: Callable[[Path], bool]) -> None:
    """Downloads into a folder beside `path` and moves the file there once it is found whole."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = tempfile.TemporaryDirectory(dir=path.parent, suffix=".tmp")
    except OSError as error:
        raise InputError(
            f"cannot write into {path.parent} ({error.strerror}): "
            "set KERAS_HOME to a folder that can be written"
        ) from None
    with beside as folder:
        file = _get_file(url, folder, instead=path)
        if not is_whole(file):
            raise InputError(
                f"{url} arrived damaged or changed (checksum) and was removed: try again later, or "
                "use the corpus grammar, which needs no network"
            )
        os.replace(file, path)


def _get_file(url: str, folder: str, instead: Path) -> Path:
    import keras  # here alone, so that corpora on this machine are read without it

    try:
        with contextlib.redirect_stdout(sys.stderr), _requests():
            return Path(keras.utils.get_file(origin=url, cache_subdir=folder))
    except Exception as error:  # get_file raises a bare Exception, in the place of what happened
        reason = " ".join(str(error.__context__ or error).strip("<>").split())
        raise InputError(
            f"cannot download {url} ({reason}): get it elsewhere and save it as {instead}, or use "
            "the corpus grammar, which needs no network"
        ) from None


@contextlib.contextmanager
def _requests() -> Iterator[None]:
    """Gives up on silent servers, and names the caller: manythings.org refuses Python's default."""
    opener, timeout = urllib.request._opener, socket.getdefaulttimeout()
    named = urllib.request.build_opener()
    named.addheaders = [("User-Agent", USER_AGENT)]
    urllib.request.install_opener(named)
    socket.setdefaulttimeout(TIMEOUT_SECONDS)
    try:
        yield
    finally:
        urllib.request.install_opener(opener)
        socket.setdefaulttimeout(timeout)
