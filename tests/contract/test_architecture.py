"""Rules of the house that no single module can check: rooms, mirrored tests, printing, tracked files."""

from __future__ import annotations

import ast
import importlib.util
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "mien"
MODULES = sorted(PACKAGE.rglob("*.py"))

CHARTS = ("tests/unit/report/test_report_charts.py", "the same cases for every chart, side by side")
PAGE = ("tests/unit/report/test_report_page.py", "what it makes is read from the finished page")
SHEETS = (
    "tests/unit/databases/test_sheets.py",
    "one behaviour for every database: the same cases for all readers",
)
PARSE = ("tests/unit/facs/test_annotation.py", "the stages behind `parse`, which has one set of cases")

DICTIONARY = ("tests/unit/export/test_described.py", "every column of every file, side by side")
ANALYSIS = ("tests/unit/report/test_analysis.py", "what it makes is read from the finished page")

#: Modules without a test file at the mirrored place: where they are tested instead, and why there.
TESTED_ELSEWHERE = {
    "__main__.py": ("tests/unit/cli/test_app.py", "three lines, run there as a program"),
    "databases/card.py": ("tests/unit/databases/test_registry.py", "every card there is, side by side"),
    "databases/casme.py": SHEETS,
    "databases/casme2.py": SHEETS,
    "databases/casme3.py": SHEETS,
    "databases/casme_sq.py": SHEETS,
    "databases/dfme.py": SHEETS,
    "databases/fixes/__init__.py": SHEETS,
    "databases/four_dme.py": SHEETS,
    "databases/layout.py": (
        "tests/unit/databases/test_database.py",
        "the folders of every database, as they are loaded",
    ),
    "databases/mmew.py": SHEETS,
    "databases/samm.py": SHEETS,
    "databases/samm_lv.py": SHEETS,
    "databases/sheet.py": SHEETS,
    "databases/smic.py": SHEETS,
    "export/agreement_columns.py": DICTIONARY,
    "export/columns.py": DICTIONARY,
    "export/dictionary.py": DICTIONARY,
    "export/naming.py": ("tests/unit/export/test_writing.py", "it names the files that are written there"),
    "facs/marks.py": PARSE,
    "facs/reading.py": PARSE,
    "facs/spelling.py": PARSE,
    "metrics/pairing.py": (
        "tests/unit/metrics/test_paired.py",
        "it reads the tables that are compared there",
    ),
    "prepare/layout.py": ("tests/robustness/test_prepared_sets.py", "its files are damaged there one by one"),
    "protocols/stratify.py": ("tests/unit/protocols/test_folds.py", "it serves the k-fold protocol alone"),
    "report/charts/curves.py": CHARTS,
    "report/charts/embedding.py": CHARTS,
    "report/charts/flow.py": CHARTS,
    "report/charts/reliability.py": CHARTS,
    "report/charts/subjects.py": CHARTS,
    "report/charts/svg.py": CHARTS,
    "report/charts/timeline.py": ANALYSIS,
    "report/clips.py": PAGE,
    "report/events.py": ANALYSIS,
    "report/html.py": PAGE,
    "report/page.py": PAGE,
    "report/prepared.py": PAGE,
    "report/run_folder.py": (
        "tests/robustness/report/test_damaged_run.py",
        "damaged runs are what it is for",
    ),
    "report/schema.py": ("tests/robustness/report/test_damaged_run.py", "damaged runs are what it is for"),
    "report/scores.py": PAGE,
    "synthesis/flow.py": (
        "tests/unit/synthesis/test_exact_flow.py",
        "against exact motion of the whole room",
    ),
}


def holds_code(module: Path) -> bool:
    return any(
        isinstance(n, ast.FunctionDef | ast.ClassDef) for n in ast.parse(module.read_text("utf-8")).body
    )


def test_the_rooms_import_downwards_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    exit_code = lint_imports(no_cache=True, no_logo=True)
    assert exit_code == 0, capsys.readouterr().out


@pytest.mark.parametrize(
    "module",
    [path for path in MODULES if path.name != "__init__.py" or holds_code(path)],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_every_module_has_a_test_file_at_the_mirrored_place(module: Path) -> None:
    name = module.relative_to(PACKAGE).as_posix()
    if name not in TESTED_ELSEWHERE:
        assert mirrored(name).is_file(), f"{name} wants {mirrored(name).relative_to(ROOT)}"


def mirrored(name: str) -> Path:
    module = Path(name)
    return ROOT / "tests" / "unit" / module.with_name(f"test_{module.name}")


@pytest.mark.parametrize("name", TESTED_ELSEWHERE)
def test_an_exception_is_needed_and_names_a_test_of_its_room(name: str) -> None:
    test_file, reason = TESTED_ELSEWHERE[name]
    assert (PACKAGE / name).is_file(), "it is gone: drop its line"
    assert not mirrored(name).exists(), "it has its own test file: drop its line"
    room = "mien" if "/" not in name else f"mien.{Path(name).parts[0]}"
    assert room in (ROOT / test_file).read_text("utf-8")
    assert reason


def test_torchvision_is_neither_installed_nor_imported() -> None:
    assert importlib.util.find_spec("torchvision") is None
    users = [path for path in MODULES if "torchvision" in imported_packages(path)]
    assert users == []


@pytest.mark.parametrize("room", ["facs", "clips", "protocols", "metrics"])
def test_light_rooms_load_no_torch(room: str) -> None:
    stems = [path.stem for path in MODULES if path.parent.name == room and path.stem != "__init__"]
    code = f"import sys, importlib\nfor stem in {stems}: importlib.import_module('mien.{room}.' + stem)\n"
    code += "assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_only_the_command_line_prints() -> None:
    rooms_that_print = {"cli", "web"}
    for path in MODULES:
        if path.relative_to(PACKAGE).parts[0] in rooms_that_print:
            continue
        calls = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))
        assert not any(isinstance(c.func, ast.Name) and c.func.id == "print" for c in calls), path
        assert not imported_packages(path) & {"rich", "typer"}, path


def test_nothing_is_pickled() -> None:
    for path in MODULES:
        assert not imported_packages(path) & {"pickle", "cloudpickle", "joblib", "dill"}, path
        text = path.read_text("utf-8")
        assert "torch.load" not in text, path
        assert "allow_pickle=True" not in text, path


def test_tracked_files_name_neither_a_machine_nor_a_package_host() -> None:
    personal = re.compile(
        r"(?<![\w.~])/(?:work|root|farm|opt|home|Users)/\w"
        r"|--(?:extra-)?index-url|--find-links|--trusted-host|https?://[\w.-]*(?:pypi|pythonhosted|mirror)"
    )
    names_of_this_machine = [name for name in (str(ROOT), platform.node()) if len(name) > 5]
    found = []
    for path in tracked_text_files():
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if personal.search(line) or any(name in line for name in names_of_this_machine):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert found == []


def imported_packages(path: Path) -> set[str]:
    """Return the top-level names of everything the file imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def tracked_text_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    this_file = Path(__file__)
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [p for p in paths if p.is_file() and p != this_file and b"\0" not in p.read_bytes()[:4096]]
