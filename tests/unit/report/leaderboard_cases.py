"""A table of one row, for the tests of the leaderboard's page and of its pictures."""

from mien.report.board import Board, Row

SCORE = {"mean": 0.71, "sd": None, "low": 0.6, "high": 0.8}
ROW = Row(
    run="r",
    data="a-set",
    commit="abc",
    model="ststnet",
    title="STSTNet",
    ranked=True,
    options=("epochs=2",),
    n_clips=442,
    seeds=3,
    uf1=SCORE,
    uar=SCORE,
    accuracy=SCORE,
    peeked_uf1=0.77,
    core_minutes=12.34,
    parameters=1683,
    published="UF1 .73 | x",
)
BOARD = Board(
    task="megc-3",
    databases=("casme2", "samm"),
    clips_hash="0123456789",
    protocol="loso",
    apex="given",
    n_clips=442,
    n_subjects=68,
    made_up=False,
    rows=(ROW,),
)
