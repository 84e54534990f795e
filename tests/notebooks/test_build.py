"""How a source becomes a notebook, and what an installation asks of pip."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"

LESSON = """\
# %% [markdown]
# # A lesson

# %%
x = 1
x + 1

# %% tags=["cover"]
from IPython.display import HTML
HTML('<img src="data:image/png;base64,UElDVFVSRQ==" alt="one">')

# %% tags=["solution"]
# Solution 1
assert x == 1
"""


def script(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def build(tmp_path, monkeypatch):
    """The builder, at work on a folder with one lesson."""
    build = script("build")
    monkeypatch.setattr(build, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(build, "_SET_UP", "# {address}")
    write_address(tmp_path, "https://github.com/me/mine")
    source = tmp_path / "notebooks" / "source" / "01_lesson.py"
    source.parent.mkdir(parents=True)
    source.write_text(LESSON)
    return build


def write_address(folder, address):
    (folder / "pyproject.toml").write_text(f'[project.urls]\nRepository = "{address}"\n')


def test_building(build, tmp_path, capsys):
    build.main([])
    assert capsys.readouterr().out.startswith("01_lesson.ipynb: ")
    notebook = nbformat.read(tmp_path / "notebooks" / "01_lesson.ipynb", 4)
    nbformat.validate(notebook)
    ids = ["badge", "cell-0", "running-time", "set-up", "cell-1", "cell-2", "cell-3"]
    assert [cell.id for cell in notebook.cells] == ids
    cells = {cell.id: cell for cell in notebook.cells}
    assert "/github/me/mine/blob/main/notebooks/01_lesson.ipynb" in cells["badge"].source
    assert cells["cell-1"].outputs[0].data == {"text/plain": "2"}
    assert cells["cell-3"].source == "# @title Solution 1\nassert x == 1"
    assert cells["cell-3"].metadata.jupyter.source_hidden
    assert (tmp_path / "notebooks" / "pictures" / "01_lesson.png").read_bytes() == b"PICTURE"
    assert notebook.metadata == build.unexecuted(build.sources()[0]).metadata
    assert not any("execution" in cell.metadata for cell in notebook.cells)


def test_a_fork_writes_its_address_without_executing(build, tmp_path):
    build.main([])
    file = tmp_path / "notebooks" / "01_lesson.ipynb"
    before = file.read_text()
    write_address(tmp_path, "https://github.com/you/yours")
    build.main(["--links"])
    changed = before.replace("github/me/mine", "github/you/yours").replace("com/me/", "com/you/")
    assert file.read_text() == changed.replace("you/mine", "you/yours")


def test_a_cell_that_fails_changes_no_notebook(build, tmp_path):
    file = tmp_path / "notebooks" / "01_lesson.ipynb"
    file.write_text("as it was")
    (source,) = build.sources()
    source.write_text(LESSON + "\n# %%\nx / 0\n")
    with pytest.raises(SystemExit, match=r"01_lesson\.py: [\s\S]*ZeroDivisionError"):
        build.main(["1"])
    assert file.read_text() == "as it was"
    assert len(list(file.parent.iterdir())) == 2


def test_bad_input_is_one_line(build, tmp_path):
    with pytest.raises(SystemExit, match=r"build\.py: there is no lesson 7: there are \[1\]$"):
        build.main(["7"])
    write_address(tmp_path, "https://example.org/me/mine")
    with pytest.raises(SystemExit, match=r"Colab opens notebooks of https://github\.com/ only$"):
        build.main([])


def test_a_lesson_without_a_cover_is_refused(build):
    (source,) = build.sources()
    source.write_text(LESSON.replace('tags=["cover"]', ""))
    with pytest.raises(SystemExit, match=r"build\.py: 0 cells have the tag cover: a lesson has"):
        build.main([])


@pytest.mark.parametrize(
    ("seconds", "words"),
    {3: "30 seconds", 31: "1 minute", 61: "1.5 minutes", 100: "2 minutes"}.items(),
)
def test_running_times_are_rounded_up(build, seconds, words):
    assert f"at most {words} on" in build._running_time(seconds)


def test_pip_is_asked_to_leave_tensorflow_alone():
    wanted = script("install").requirements("2.20.0")
    assert wanted == [
        f"{FOLDER.parent}[serving]",
        "tensorflow==2.20.0",
        "tensorflow-text==2.20.*",
        "tensorflow-serving-api==2.20.*",
    ]


def test_a_tensorflow_that_does_not_fit_ends_the_installation_with_one_line(monkeypatch):
    install = script("install")
    failed = SimpleNamespace(returncode=1, stderr="noise\nERROR: Cannot install\nERROR: more")
    monkeypatch.setattr(install.subprocess, "run", lambda *_, **__: failed)
    monkeypatch.setattr(install, "version", lambda _: "2.19.0")
    with pytest.raises(SystemExit) as ended:
        install.main()
    assert str(ended.value) == (
        "s2s_keras does not install beside TensorFlow 2.19.0 without changing it; "
        "nothing was changed. pip says: ERROR: Cannot install"
    )
