"""What holds for every lesson, without executing it; nbval executes them."""

import importlib.util
import re
import statistics
import tomllib
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
SOURCES = sorted(ROOT.glob("notebooks/source/*.py"))

_spec = importlib.util.spec_from_file_location("build", ROOT / "notebooks" / "build.py")
build = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(build)

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def outputs(path):
    return [output for cell in code_cells(path) for output in cell.outputs]


def text_of(output):
    return output.get("text") or "".join(
        text for kind, text in output.get("data", {}).items() if kind == "text/plain"
    )


def test_every_source_has_its_notebook():
    assert [path.stem for path in NOTEBOOKS] == [path.stem for path in SOURCES]


@each_notebook
def test_cells_are_those_that_the_source_gives(path):
    stored = nbformat.read(path, 4)
    built = build.unexecuted(path.parent / "source" / f"{path.stem}.py")

    def comparable(notebook):
        # How long it ran, and where, is known only once it was executed.
        times = re.compile(r"at most .* on \d+ CPU cores")
        return [
            (cell.id, cell.cell_type, times.sub("", cell.source), cell.metadata)
            for cell in notebook.cells
        ]

    assert comparable(stored) == comparable(built)
    assert stored.metadata == built.metadata


@each_notebook
def test_all_cells_were_executed_in_order(path):
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@each_notebook
def test_outputs_are_free_of_errors_and_warnings(path):
    for output in outputs(path):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text
        assert not re.search("warning|deprecat", text_of(output), re.IGNORECASE), text_of(output)


@each_notebook
def test_no_machine_left_its_paths(path):
    text = path.read_text()
    assert str(ROOT) not in text
    assert str(Path.home()) not in text


@each_notebook
def test_cells_are_short(path):
    lengths = [len(cell.source.splitlines()) for cell in code_cells(path)]
    assert statistics.median(lengths) <= 8
    assert max(lengths) <= 20


@each_notebook
def test_images_have_alternative_text(path):
    for output in outputs(path):
        data = output.get("data", {})
        assert not [kind for kind in data if kind.startswith("image/")], "s2s_keras.lessons.show"
        for image in BeautifulSoup(data.get("text/html", ""), "html.parser").find_all("img"):
            assert image.get("alt") == data["text/plain"]
            assert len(image["alt"].split()) > 3


@each_notebook
def test_the_readers_guide_has_a_picture_of_it(path):
    picture = build.picture_of(path).relative_to(ROOT)
    assert (ROOT / picture).read_bytes() == build.cover(nbformat.read(path, 4))
    guide = (ROOT / "README.md").read_text("utf-8")
    assert f"(notebooks/{path.name})" in guide
    assert f'src="{picture}"' in guide


@each_notebook
def test_at_least_half_of_the_outputs_are_compared(path):
    shown = [cell for cell in code_cells(path) if cell.outputs]
    ignored = [cell for cell in shown if "nbval-ignore-output" in tags(cell)]
    assert 2 * len(ignored) <= len(shown)
    for cell in code_cells(path):
        assert "NBVAL" not in cell.source, "say it with a tag"
        assert not {"nbval-skip", "raises-exception"} & set(tags(cell))


@each_notebook
def test_three_solutions_are_folded_and_assert_something(path):
    solutions = [cell for cell in code_cells(path) if "solution" in tags(cell)]
    titles = [cell.source.splitlines()[0] for cell in solutions]
    assert titles == [f"# @title Solution {number}" for number in (1, 2, 3)]
    for cell in solutions:
        assert cell.metadata.jupyter == {"source_hidden": True, "outputs_hidden": True}
        assert cell.metadata.cellView == "form"
        assert "assert" in cell.source


@each_notebook
def test_badge_and_set_up_carry_the_repositorys_address(path):
    with (ROOT / "pyproject.toml").open("rb") as file:
        address = tomllib.load(file)["project"]["urls"]["Repository"]
    sources = {cell.id: cell.source for cell in nbformat.read(path, 4).cells}
    owner = address.removeprefix("https://github.com/")
    assert f"/github/{owner}/blob/main/notebooks/{path.name})" in sources["badge"]
    assert f"!git clone --quiet --depth 1 {address} lessons" in sources["set-up"]
