"""Folds x seeds -> a run folder; an interrupted run goes on where it was."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from mien import __version__
from mien.errors import InputError
from mien.experiments.backends import BACKENDS
from mien.experiments.choose import choose
from mien.experiments.jobs import FoldResult, Job
from mien.experiments.references import references
from mien.experiments.run import SCHEMA, Run
from mien.experiments.setting import EvaluateConfig, Resolved, Setting, resolve
from mien.experiments.summary import write_outputs
from mien.models import registry
from mien.models.base import Network
from mien.prepare.prepared import PreparedSet
from mien.protocols import folds as protocols

Progress = Callable[[int, int, str], None]
"""Called with jobs done, jobs in all, and a word on the latest."""

MADE_UP = "the people of these clips are made up: scores say nothing about people"
"""The warning that stands in the record of a run on synthetic clips."""

PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "pandas", "numba", "transformers", "safetensors")


def evaluate(
    config: EvaluateConfig, out: Path, *, progress: Progress | None = None, command: str = ""
) -> Run:
    """The finished run in `out`; folds that are already there are not repeated.

    Raises:
        UsageError: an unknown name or option, or `out` holds another evaluation.
        InputError: the set, or the interrupted run in `out`, cannot be used.
    """
    resolved = resolve(config)
    setting = resolved.setting
    record = describe(config, resolved, command)
    run = Run.begin(out, record)
    jobs = [Job(seed, fold.index) for seed in setting.seeds for fold in setting.folds]
    done = {job: _load(run, job, setting) for job in jobs if run.has(job)}
    todo = [job for job in jobs if job not in done]
    _warn(run, record, config, resolved, resumed=bool(done))
    if progress is not None:
        progress(len(done), len(jobs), "resumed" if done else "choosing a backend")
    if todo:
        _choose_backend(run, setting, config)
        if progress is not None:
            progress(len(done), len(jobs), f"training the first folds ({run.record['backend']})")
        for result in BACKENDS[run.record["backend"]](setting, jobs, todo, config):
            run.store(result)
            done[result.job] = result
            if progress is not None:
                progress(
                    len(done), len(jobs), f"seed {result.job.seed}, {setting.folds[result.job.fold].name}"
                )
    return _finish(run, config, setting, [done[job] for job in jobs])


def _warn(
    run: Run, asked: dict[str, Any], config: EvaluateConfig, resolved: Resolved, *, resumed: bool
) -> None:
    """Note in the record what a reader would not expect: made-up people, other versions, a kept backend, no audit."""
    found = []
    if any(source.made_up for source in resolved.data):
        found.append(MADE_UP)
    kept = run.record["backend"]
    if resumed and kept is not None and config.backend not in ("auto", kept):
        found.append(f"resumed with backend '{kept}', with which it began, not '{config.backend}'")
    found += [
        f"resumed under another {name}: {asked[name]}; it began under {run.record[name]}"
        for name in ("versions", "commit", "machine")
        if resumed and run.record[name] != asked[name]
    ]
    method = registry.create(config.model, config.options)
    if isinstance(method, Network):
        found += method.notes()
    elif config.audit:
        found.append(f"'{config.model}' has no epochs, so there is nothing to audit")
    run.record["warnings"] += [text for text in found if text not in run.record["warnings"]]


def _load(run: Run, job: Job, setting: Setting) -> FoldResult:
    result = run.load(job)
    shape = (len(setting.folds[job.fold].held_out), len(setting.classes))
    if result.job != job or result.prob.shape != shape:
        raise InputError(
            "the result of a fold does not belong here",
            where=run.fold_file(job),
            found=f"{result.job.name} with {result.prob.shape} probabilities; wanted {job.name} with {shape}",
            do="delete this file and run the same command again",
        )
    return result


def _choose_backend(run: Run, setting: Setting, config: EvaluateConfig) -> None:
    """Fix the backend of a run once: a resumed run keeps the one it began with."""
    if run.record["backend"] is not None:
        return
    if config.backend == "auto":
        run.record["backend"], run.record["backend_reason"] = choose(setting, config)
    else:
        run.record["backend"], run.record["backend_reason"] = config.backend, "asked for"
    run.write_record()


def _finish(run: Run, config: EvaluateConfig, setting: Setting, results: list[FoldResult]) -> Run:
    run.record["seconds"] = sum(result.seconds for result in results)
    run.record["finished"] = datetime.now(UTC).isoformat(timespec="seconds")
    run.record["opened"] = [
        {"seed": r.job.seed, "fold": setting.folds[r.job.fold].name, "held_out_opened_at": r.opened_at}
        for r in results
    ]
    facts = {
        "task": run.record["task"],
        "protocol": run.record["protocol"],
        "seconds": run.record["seconds"],
    }
    write_outputs(run.path, setting, results, facts, references(config))
    run.write_record()
    return run


def describe(config: EvaluateConfig, resolved: Resolved, command: str) -> dict[str, Any]:
    """What `run.json` says before the first fold: the resolved configuration, the data, the machine."""
    setting, data, sources = resolved.setting, _set(resolved.data), _set(resolved.trained_on)
    words = protocols.parse(config.protocol).words
    if sources is not None:
        words += f"; trained on {sources['name']} (data {sources['data_hash'][:12]})"
    card = registry.card(config.model)
    options = registry.options(config.model).parse(config.options, model=config.model)
    method = registry.create(config.model, config.options)
    return {
        "schema": SCHEMA,
        "model": config.model,
        "title": card.title,
        "paper": card.paper,
        "kind": card.kind,
        "options": options.model_dump(mode="json"),
        "data": data,
        "trained_on": sources,
        "data_hash": "+".join(part["data_hash"] for part in (data, sources) if part is not None),
        "keys_hash": hashlib.sha256("\n".join(setting.keys.tolist()).encode()).hexdigest(),
        "task": config.task,
        "classes": list(setting.classes),
        "protocol": config.protocol,
        "protocol_words": words,
        "seeds": list(setting.seeds),
        "audit": config.audit,
        "device": setting.device,
        "apex": "given",
        "needs": {"arrays": dict(method.needs.arrays), "action_units": method.needs.action_units},
        "excluded": [{"key": key, "reason": reason} for key, reason in resolved.excluded],
        "folds": [
            {"index": f.index, "name": f.name, "n_train": len(f.train), "n_held_out": len(f.held_out)}
            for f in setting.folds
        ],
        "backend": None,
        "backend_reason": "",
        "warnings": [],
        **surroundings(PACKAGES),
        "command": command,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "finished": None,
        "seconds": 0.0,
    }


def surroundings(packages: Sequence[str]) -> dict[str, Any]:
    """What a run happens in, for its `run.json`: versions of these packages, commit, machine."""
    return {
        "versions": {"mien": __version__, "python": platform.python_version()}
        | {name: metadata.version(name) for name in packages},
        "commit": _commit(),
        "machine": {"system": platform.platform(), "processor": _processor(), "cores": os.cpu_count()},
    }


def _set(sources: Sequence[PreparedSet]) -> dict[str, Any] | None:
    """One or more sets, as a run names them; None for none."""
    if not sources:
        return None
    return {
        "name": " + ".join(source.name for source in sources),
        "path": " + ".join(str(source.path) for source in sources),
        "data_hash": "+".join(source.data_hash for source in sources),
        "n_clips_in_set": sum(len(source) for source in sources),
    }


def _commit() -> str | None:
    """The commit of the source tree Mien runs from, with '+' if it was changed; None outside a checkout."""
    here = Path(__file__).parent
    try:
        # Mien may be installed inside a checkout of something else, which does not track this file.
        subprocess.run(
            ["git", "ls-files", "--error-unmatch", Path(__file__).name],
            cwd=here, capture_output=True, check=True, timeout=5,
        )  # fmt: skip
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True, timeout=5
        ).stdout.strip()
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no"],
            cwd=here, capture_output=True, text=True, check=True, timeout=5,
        ).stdout.strip()  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return head + ("+" if changed else "")


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
