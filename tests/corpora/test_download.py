import hashlib
import io
import os
import socket
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

from s2s_keras.corpora import download
from s2s_keras.corpora.download import download_listed, download_recorded
from s2s_keras.errors import InputError

BODY = b"some text\n" * 10_000
SHA256 = hashlib.sha256(BODY).hexdigest()


def zipped(text, name="deu.txt", method=zipfile.ZIP_STORED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(name, text)
    return buffer.getvalue()


def damaged(archive):
    start = 30 + len("deu.txt")  # of what was compressed: behind the header and the name
    return archive[:start] + b"\xff" + archive[start + 1 :]


def refusal(function, *args):
    with pytest.raises(InputError) as error:
        function(*args)
    message = str(error.value)
    assert "\n" not in message
    return message


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_is_downloaded_once_into_the_cache_folder(server, cache, capsys):
    server.files["/raw/file.gz"] = BODY
    for _ in range(2):
        path = download_listed(f"{server.url}/raw/file.gz", "corpus", SHA256)
        assert path == cache / "corpus" / "file.gz"
        assert path.read_bytes() == BODY
    assert server.requests == [("/raw/file.gz", "Mozilla/5.0 (compatible; s2s_keras)")]
    assert os.listdir(cache / "corpus") == ["file.gz"]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"Downloading data from {server.url}/raw/file.gz" in captured.err
    assert f"{len(BODY)}/{len(BODY)}" in captured.err  # the progress bar at its end


def test_the_second_load_needs_no_network(server, cache, closed_port):
    server.files["/file.gz"] = BODY
    download_listed(f"{server.url}/file.gz", "corpus", SHA256)
    path = download_listed(f"{closed_port}/file.gz", "corpus", SHA256)
    assert path.read_bytes() == BODY


def test_another_file_than_listed_is_refused_and_removed(server, cache):
    server.files["/file.gz"] = BODY[:-1] + b"X"
    message = refusal(download_listed, f"{server.url}/file.gz", "corpus", SHA256)
    assert message.startswith(f"{server.url}/file.gz arrived damaged or changed")
    assert "grammar" in message
    assert os.listdir(cache / "corpus") == []

    server.files["/file.gz"] = BODY
    assert download_listed(f"{server.url}/file.gz", "corpus", SHA256).read_bytes() == BODY


def test_a_truncated_download_is_refused_and_removed(server, cache):
    server.files["/file.gz"] = BODY[:1000]
    server.promised["/file.gz"] = len(BODY)
    message = refusal(download_listed, f"{server.url}/file.gz", "corpus", SHA256)
    assert f"cannot download {server.url}/file.gz (" in message
    assert os.listdir(cache / "corpus") == []


def test_a_file_damaged_in_the_cache_is_downloaded_again(server, cache):
    server.files["/file.gz"] = BODY
    path = download_listed(f"{server.url}/file.gz", "corpus", SHA256)
    path.write_bytes(BODY[:100])
    assert download_listed(f"{server.url}/file.gz", "corpus", SHA256).read_bytes() == BODY
    assert len(server.requests) == 2


def test_a_bad_download_leaves_the_cache_as_it_was(server, cache):
    server.files["/file.gz"] = b"other"
    kept = cache / "corpus" / "file.gz"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"old")
    refusal(download_listed, f"{server.url}/file.gz", "corpus", SHA256)
    assert kept.read_bytes() == b"old"
    assert os.listdir(kept.parent) == ["file.gz"]


def test_without_a_network_one_line_says_how_to_get_the_file(cache, closed_port):
    for function, args in ((download_listed, (SHA256,)), (download_recorded, ())):
        message = refusal(function, f"{closed_port}/file.zip", "corpus", *args)
        assert message.startswith(f"cannot download {closed_port}/file.zip (")
        assert "refused" in message
        assert f"save it as {cache / 'corpus' / 'file.zip'}" in message
        assert "the corpus grammar, which needs no network" in message
    assert files_in(cache) == []


def test_an_absent_file_is_told_by_the_servers_answer(server, cache):
    message = refusal(download_listed, f"{server.url}/none.gz", "corpus", SHA256)
    assert "(HTTP Error 404: Not Found)" in message
    assert files_in(cache) == []


def test_a_file_got_elsewhere_is_taken(cache, closed_port):
    path = cache / "corpus" / "file.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(BODY)
    assert download_listed(f"{closed_port}/file.gz", "corpus", SHA256) == path


def test_a_silent_server_is_given_up(cache, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/file.gz"
        assert "timed out" in refusal(download_listed, url, "corpus", SHA256)


def test_what_a_download_sets_for_all_requests_is_set_back(server, cache):
    server.files["/file.gz"] = BODY
    urllib.request.install_opener(opener := urllib.request.build_opener())
    socket.setdefaulttimeout(77)
    try:
        download_listed(f"{server.url}/file.gz", "corpus", SHA256)
        refusal(download_listed, f"{server.url}/none.gz", "corpus", SHA256)
        assert urllib.request._opener is opener
        assert socket.getdefaulttimeout() == 77
    finally:
        urllib.request.install_opener(None)
        socket.setdefaulttimeout(None)


def test_a_cache_that_cannot_be_written_is_told(cache, closed_port):
    cache.parent.write_text("a file in the folder's place")
    message = refusal(download_listed, f"{closed_port}/file.gz", "corpus", SHA256)
    assert "KERAS_HOME" in message


def test_the_cache_is_keras_own_where_nothing_is_set(server, tmp_path):
    """In another process, since Keras reads its folder once, when it is imported."""
    server.files["/file.gz"] = BODY
    script = (
        "import sys, keras\n"
        "from s2s_keras.corpora.download import download_listed\n"
        "print(download_listed(*sys.argv[1:]))\n"
        "print(keras.src.backend.config.keras_home())\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_HOME"}
    result = subprocess.run(
        [sys.executable, "-c", script, f"{server.url}/file.gz", "corpus", SHA256],
        cwd=Path(__file__).parents[2],
        env={**environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    path, home = result.stdout.splitlines()
    assert (
        Path(path)
        == Path(home, "s2s_keras", "corpus", "file.gz")
        == next(tmp_path.rglob("file.gz"))
    )


def test_an_archives_hash_is_recorded_at_the_first_download(server, cache, closed_port):
    server.files["/deu-eng.zip"] = zipped("Go.\tGeh.\n")
    path = download_recorded(f"{server.url}/deu-eng.zip", "corpus")
    digest = hashlib.sha256(server.files["/deu-eng.zip"]).hexdigest()
    assert files_in(cache) == ["corpus/deu-eng.zip", "corpus/deu-eng.zip.sha256"]
    assert path.with_name("deu-eng.zip.sha256").read_text() == f"{digest}  deu-eng.zip\n"

    server.files["/deu-eng.zip"] = zipped("a newer archive")
    assert download_recorded(f"{closed_port}/deu-eng.zip", "corpus") == path
    assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    assert len(server.requests) == 1


def test_an_archive_changed_in_the_cache_is_refused_until_deleted(server, cache):
    server.files["/deu-eng.zip"] = zipped("Go.\tGeh.\n")
    path = download_recorded(f"{server.url}/deu-eng.zip", "corpus")
    path.write_bytes(zipped("other"))
    message = refusal(download_recorded, f"{server.url}/deu-eng.zip", "corpus")
    assert message.startswith(f"{path} is not the archive that was downloaded first")

    path.unlink()
    server.files["/deu-eng.zip"] = zipped("a newer archive")
    assert download_recorded(f"{server.url}/deu-eng.zip", "corpus") == path
    assert download_recorded(f"{server.url}/deu-eng.zip", "corpus") == path


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"<html>Not Acceptable</html>",
        lambda archive: archive[:-5],
        lambda archive: archive.replace(b"Go", b"No"),
        lambda _: damaged(zipped("Go.\tGeh.\n" * 99, method=zipfile.ZIP_DEFLATED)),
    ],
    ids=["no-zip", "truncated", "changed", "no-deflate"],
)
def test_a_damaged_archive_is_refused_and_removed(server, cache, damage):
    server.files["/deu-eng.zip"] = damage(zipped("Go.\tGeh.\n"))
    message = refusal(download_recorded, f"{server.url}/deu-eng.zip", "corpus")
    assert "arrived damaged" in message
    assert os.listdir(cache / "corpus") == []


def test_an_archive_got_elsewhere_is_taken_and_recorded(cache, closed_port):
    path = cache / "corpus" / "deu-eng.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(zipped("Go.\tGeh.\n"))
    assert download_recorded(f"{closed_port}/deu-eng.zip", "corpus") == path
    assert (cache / "corpus" / "deu-eng.zip.sha256").is_file()


def test_what_is_no_archive_is_not_recorded_as_one(cache, closed_port):
    path = cache / "corpus" / "deu-eng.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"<html>Not Acceptable</html>")
    message = refusal(download_recorded, f"{closed_port}/deu-eng.zip", "corpus")
    assert message == f"{path} is no whole zip archive: delete it and get it again"
    path.write_bytes(zipped("Go.\tGeh.\n"))
    assert download_recorded(f"{closed_port}/deu-eng.zip", "corpus") == path
