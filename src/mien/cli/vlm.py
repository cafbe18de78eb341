"""`mien vlm`: vision-language models behind any OpenAI-compatible endpoint, asked about clips and scored honestly."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from mien.report.schema import Rate
    from mien.vlm.endpoint import Asking, Endpoint
    from mien.vlm.jobs import How
    from mien.vlm.running import Job, Outcome

app = typer.Typer(
    help="Ask a vision-language model about clips, over any OpenAI-compatible endpoint, and score what it says. "
    "Clips leave this machine unless the endpoint is on it.",
    no_args_is_help=True,
)

TopicName = Literal["action-units", "expression", "micro-expression"]
FormName = Literal["open", "choice", "judge", "rank"]
Control = Literal["none", "shuffled"]

Url = Annotated[
    str,
    typer.Option("--endpoint", metavar="URL", help="Base URL, such as http://127.0.0.1:8000/v1; no default."),
]
ModelName = Annotated[str, typer.Option("--model", help="Name of the model at that endpoint.")]
Out = Annotated[Path, typer.Option(help="Run folder; an interrupted run found there goes on.")]
EncodingName = Annotated[str, typer.Option(help="How a clip is shown; `mien vlm encodings` lists the seven.")]
Controls = Annotated[
    list[str] | None,
    typer.Option(
        "--control",
        help="none (default): also ask without pictures. shuffled: also with another person's clip. off.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="How to ask: temperature, tries, timeout_s, at_once, ..."
    ),
]
Consent = Annotated[
    bool,
    typer.Option(
        "--i-may-send-these-clips",
        help="I may send these clips elsewhere; most licences forbid it.",
    ),
]


@app.command("encodings")
def encodings() -> None:
    """List the ways to show a clip, from one frame to nothing at all."""
    from rich.console import Console

    from mien.cli.tables import table
    from mien.vlm.encodings import ENCODINGS

    rows = [(name, encoding.letter, encoding.title) for name, encoding in ENCODINGS.items()]
    Console().print(table("How a clip is shown", ("encoding", "", "what the model gets"), rows))


@app.command("ask")
def ask(
    topic: Annotated[TopicName, typer.Argument(help="What is asked about.")],
    data: Annotated[
        str, typer.Option(help="A prepared set; `mien prepare --recipe vlm` makes fitting ones.")
    ],
    endpoint: Url,
    model: ModelName,
    out: Out,
    task: Annotated[
        str | None, typer.Option(help="Label set (`mien tasks`), or 'emotions'; none for action-units.")
    ] = None,
    form: Annotated[FormName, typer.Option(help="How it is asked.")] = "choice",
    encoding: EncodingName = "frames",
    orders: Annotated[
        int, typer.Option(min=1, max=24, help="Orders of the options; 3 tells a position bias.")
    ] = 1,
    clips: Annotated[
        int, typer.Option(min=0, help="Ask about so many clips only, drawn at random; 0: all.")
    ] = 0,
    control: Controls = None,
    beside: Annotated[
        list[Path] | None,
        typer.Option(help="A run of mien evaluate on this set and task, for the same table."),
    ] = None,
    option: Settings = None,
    i_may_send_these_clips: Consent = False,
) -> None:
    """Ask about every clip of a prepared set, one clip per request, and score the answers beside the baselines.

    Answers are kept on disk as they come: repeating the command asks only what is missing.
    """
    from mien.vlm.jobs import job_of_set

    how = _how(endpoint, model, encoding, control, option, i_may_send_these_clips)
    job = job_of_set(data, topic, task, form, how, orders=orders, clips=clips, beside=beside or [])
    _finish(_run(job, out))


@app.command("megc")
def megc(
    files: Annotated[list[Path], typer.Argument(help="Question files (.jsonl) of ME-VQA or ME-LVQA.")],
    endpoint: Url,
    model: ModelName,
    out: Out,
    data: Annotated[str | None, typer.Option(help="A prepared set that holds the clips; or")] = None,
    videos: Annotated[
        Path | None, typer.Option(help="the folder of the videos: NAME.mp4, or folders NAME of images.")
    ] = None,
    dataset: Annotated[
        Literal["casme2", "samm", "casme3", "smic"] | None,
        typer.Option(help="Whose clips they are, where the files do not say it."),
    ] = None,
    encoding: EncodingName = "frames",
    control: Controls = None,
    option: Settings = None,
    i_may_send_these_clips: Consent = False,
) -> None:
    """Answer MEGC's question files: submission files out, and scores where the files hold the answers."""
    from mien.vlm import questions
    from mien.vlm.file_jobs import job_of_files

    how = _how(endpoint, model, encoding, control, option, i_may_send_these_clips)
    with job_of_files(files, how, data=data, videos=videos, dataset=dataset) as (job, rows):
        outcome = _run(job, out)
    answers = [
        questions.written(one.question, one.value) or raw.strip()
        for one, raw in zip(outcome.given, outcome.raw, strict=True)
    ]
    for path in questions.write_submission(out, rows, answers):
        typer.echo(f"submission: {path}")
    _finish(outcome)


@app.command("score")
def score(
    submission: Annotated[
        list[Path], typer.Argument(help="Answers, as `mien vlm megc` or anybody else writes them.")
    ],
    truth: Annotated[
        list[Path],
        typer.Option(
            help="The question file with the true answers; one for each file of answers, in their order."
        ),
    ],
    dataset: Annotated[
        Literal["casme2", "samm", "casme3", "smic"] | None, typer.Option(help="Whose clips they are.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the scores to this JSON file.")] = None,
) -> None:
    """Score answers to MEGC's question files against the true ones, beside the baselines; nothing is asked.

    Several files are scored together and for each database.
    """
    from mien.files import write_json
    from mien.vlm.file_jobs import score_files

    found = score_files(submission, truth, dataset)
    _show(found)
    if out is not None:
        write_json(out, found)


@app.command("show")
def show(
    topic: Annotated[TopicName, typer.Argument(help="What is asked about.")],
    data: Annotated[str, typer.Option(help="A prepared set.")],
    clip: Annotated[str, typer.Option(help="Key of a clip.")],
    out: Annotated[Path, typer.Option(help="Folder for the pictures and the words.")],
    task: Annotated[str | None, typer.Option(help="Label set, or 'emotions'.")] = None,
    form: Annotated[FormName, typer.Option(help="How it is asked.")] = "choice",
    encoding: EncodingName = "frames",
    picture_px: Annotated[int, typer.Option(min=32, max=2048, help="Side of a face in the pictures.")] = 336,
) -> None:
    """Write what would be sent about one clip, pictures and words, and send nothing."""
    from mien.files import write_whole
    from mien.vlm.jobs import shown_of_set

    texts, encoded = shown_of_set(data, topic, task, form, clip, encoding, picture_px)
    for number, picture in enumerate(encoded.pictures, start=1):
        write_whole(out / f"{number}.png", picture)
    words = "\n\n".join([encoded.words, *texts]) + "\n"
    write_whole(out / "words.txt", words.encode())
    typer.echo(words + f"{len(encoded.pictures)} pictures and the words: {out}")


def _how(
    url: str, model: str, encoding: str, control: list[str] | None, option: list[str] | None, consent: bool
) -> How:
    """What was chosen, checked; the warning about clips that leave this machine is told on stderr."""
    from mien.cli.fields import config_of, options_of
    from mien.errors import UsageError
    from mien.vlm.endpoint import Asking, Endpoint, check_consent, warning
    from mien.vlm.jobs import How

    endpoint: Endpoint = config_of(Endpoint, {"endpoint": url, "model": model})
    asking: Asking = config_of(Asking, _values(options_of(option or [])))
    chosen = control or ["none"]
    unknown = [name for name in chosen if name not in ("none", "shuffled", "off")]
    if unknown:
        raise UsageError("there is no such control", found=unknown[0], do="use none, shuffled or off")
    how = How(encoding, endpoint, asking, tuple(name for name in dict.fromkeys(chosen) if name != "off"))  # type: ignore[misc]
    check_consent(endpoint, shows_clips=encoding != "none", given=consent)
    if encoding != "none" and (words := warning(endpoint)):
        typer.secho(f"warning: {words}", fg="yellow", err=True)
    return how


def _values(options: Mapping[str, str]) -> dict[str, Any]:
    """The values of --set; "none" leaves a value out."""
    return {name: None if value == "none" else value for name, value in options.items()}


def _run(job: Job, out: Path) -> Outcome:
    from mien.cli.progress import progress_bar
    from mien.vlm.running import run

    with progress_bar() as update:
        return run(job, out, progress=update, command=shlex.join(["mien", *sys.argv[1:]]))


def _finish(outcome: Outcome) -> None:
    """Tell the scores and where the run lies; exit with 4 if questions stayed unanswered."""
    _show(outcome.metrics)
    for words, found in outcome.metrics["consistency"].items():
        typer.echo(f"{words}: broken by {found['broken']:.0%} of {found['clips']} clips")
    typer.echo(f"run: {outcome.run.path}; `mien report {outcome.run.path}` makes a page of it")
    if outcome.run.record.get("made_up"):
        typer.secho(
            "warning: the people of these clips are made up: scores say nothing about people", fg="yellow"
        )
    if outcome.gaps:
        listed = "\n  ".join(outcome.gaps[:10])
        more = f"\n  ... and {len(outcome.gaps) - 10} more" if len(outcome.gaps) > 10 else ""
        typer.secho(f"unanswered: {len(outcome.gaps)} questions\n  {listed}{more}", fg="yellow", err=True)
        typer.echo("  do:    repeat the command: only these are asked again", err=True)
        raise typer.Exit(4)


def _show(metrics: Mapping[str, Any]) -> None:
    from rich.console import Console

    from mien.cli.tables import table
    from mien.report.answers import shown_scores
    from mien.report.schema import AnswersMetrics

    console = Console()
    tables = AnswersMetrics.model_validate(metrics).tables
    if not tables:
        console.print("no true answers are known: nothing was scored")
    for title, topic in tables.items():
        shown = shown_scores(topic)
        rows = [
            [who, *(_cell(scores.get(each)) for each in shown), _rates(scores)]
            for who, scores in topic.scores.items()
        ]
        people = f"{topic.n_questions} questions, {topic.n_clips} clips, {topic.n_subjects} subjects"
        columns = ["who answers", *(each.replace("_", " ") for each in shown), "INVALID / refused / failed"]
        console.print(table(f"{title}: {people}", columns, rows, numbers=len(shown) + 1))
        if not math.isnan(topic.flip_rate):
            console.print(
                f"the answer changes with the order of the options for {topic.flip_rate:.0%} of the clips"
            )
        console.print()


def _cell(score: Rate | None) -> str:
    if score is None or math.isnan(score.value):
        return "-"
    # on a line of its own: six columns have to fit into a terminal
    ends = "" if math.isnan(score.low) else f"\n{score.low:.2f} to {score.high:.2f}"
    return f"{score.value:.3f}{ends}"


def _rates(scores: Mapping[str, Rate]) -> str:
    from mien.report.answers import RATES

    return " / ".join(f"{scores[name].value:.0%}" for name in RATES)
