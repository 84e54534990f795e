"""Files that are written whole or not at all."""

import os

import numpy as np
import pytest

from s2s_keras.errors import InputError
from s2s_keras.files import opened, replacing, write_json


def test_what_raises_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "scores.json"
    path.write_text("before")
    with pytest.raises(TypeError), replacing(path) as temporary:
        temporary.write_text("half") + "and no more"
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["scores.json"]


def test_a_link_stays_and_leads_to_what_was_written(tmp_path):
    (tmp_path / "there").mkdir()
    link, file = tmp_path / "link.json", tmp_path / "there" / "scores.json"
    link.symlink_to(file)
    for value in (1, 2):  # first there is no file yet
        write_json(link, value)
        assert link.is_symlink()
        assert file.read_text() == f"{value}\n"
    assert os.listdir(tmp_path / "there") == ["scores.json"]


def test_a_device_stays_one(tmp_path):
    link = tmp_path / "null"
    link.symlink_to(os.devnull)
    write_json(link, {})
    assert link.is_char_device()


def test_arrays_with_a_wrong_byte_are_told(tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez_compressed(path, numbers=np.arange(1000))
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 0xFF
    path.write_bytes(data)
    with (
        pytest.raises(InputError, match=r"arrays\.npz: no numbers"),
        opened(path, "no numbers") as it,
    ):
        it["numbers"]
