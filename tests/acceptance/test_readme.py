"""What the documents show exists: commands, options, make targets, models, tasks, linked files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from mien.cli.app import app
from mien.clips.tasks import TASKS
from mien.models import registry

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile"])


def shown_commands(document: Path) -> Iterator[list[str]]:
    """Yield the words of every line that starts with `mien` or `make`, in code blocks and in recipes."""
    text = document.read_text(encoding="utf-8").replace("\\\n", " ")
    if document.name == "Makefile":
        text = text.replace("$(DEMO)", variable(text, "DEMO")).replace("$(SET)", variable(text, "SET"))
        lines = [
            line.strip("\t@").replace("$(MIEN)", "mien") for line in text.splitlines() if line[:1] == "\t"
        ]
    else:
        blocks = re.findall(r"```\w*\n(.*?)```", text, flags=re.DOTALL)
        lines = [line for block in blocks for line in block.splitlines()]
        lines += re.findall(r"`((?:mien|make) [^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in lines:
        if line.startswith(("mien ", "make ")):
            yield shlex.split(line.partition(" #")[0])


def variable(makefile: str, name: str) -> str:
    found = re.search(rf"^{name} := (.*)$", makefile, flags=re.MULTILINE)
    assert found, name
    return found.group(1)


COMMANDS = [
    pytest.param(words, id=f"{document.name}: {' '.join(words)[:70]}")
    for document in DOCUMENTS
    for words in shown_commands(document)
]


def test_the_readme_shows_commands() -> None:
    assert len(list(shown_commands(ROOT / "README.md"))) >= 10


@pytest.mark.parametrize("words", [p for p in COMMANDS if p.values[0][0] == "mien"])
def test_the_command_and_its_options_exist(words: list[str]) -> None:
    command = typer.main.get_command(app)
    rest = words[1:]
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"no command {rest[0]!r}"
        command = command.commands[rest.pop(0)]
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    for word in rest:
        if word.startswith("-"):
            assert word.partition("=")[0] in known | {"--help", "--debug"}, f"{word} of `{' '.join(words)}`"


@pytest.mark.parametrize("words", [p for p in COMMANDS if p.values[0][1] in ("evaluate", "models")])
def test_the_model_and_the_task_exist(words: list[str]) -> None:
    if words[2:] and re.fullmatch(r"[a-z-]+", words[2]) and not words[2].startswith("-"):
        assert words[2] in registry.names()
    if "--task" in words:
        assert words[words.index("--task") + 1] in TASKS


@pytest.mark.parametrize("words", [p for p in COMMANDS if p.values[0][0] == "make"])
def test_the_make_target_exists(words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in (word for word in words[1:] if re.fullmatch(r"[a-z-]+", word)):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_linked_files_exist(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target
