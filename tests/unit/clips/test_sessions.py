"""Sessions read from the names of clips."""

from __future__ import annotations

from mien.clips.sessions import sessions
from mien.clips.table import ClipTable


def table(*rows: tuple[str, str, str]) -> ClipTable:
    return ClipTable.from_rows(
        {
            "dataset": dataset,
            "subject": subject,
            "clip": clip,
            "key": f"{dataset}-{subject}-{clip}",
            "fps": 200,
            "emotion": "",
            "notes": "",
        }
        for dataset, subject, clip in rows
    )


def test_the_stimulus_is_read_from_the_names_of_casme_and_samm() -> None:
    names, known = sessions(
        table(
            ("casme2", "sub01", "EP02_01f"),
            ("casme2", "sub01", "EP02_03"),
            ("casme2", "sub01", "ep19_05f"),
            ("casme2", "sub02", "EP02_01f"),
            ("casme", "sub01", "EP02_1"),
            ("samm", "006", "006_1_2"),
            ("samm", "006", "006_1_10"),
            ("samm", "006", "006_10_2"),
        )
    )
    assert known.all()
    assert names.tolist() == [
        "casme2/sub01/EP02",
        "casme2/sub01/EP02",
        "casme2/sub01/EP19",
        "casme2/sub02/EP02",
        "casme/sub01/EP02",
        "samm/006/1",
        "samm/006/1",
        "samm/006/10",
    ]


def test_where_the_name_does_not_tell_every_clip_is_a_session_of_its_own() -> None:
    names, known = sessions(
        table(
            ("smic", "s01", "s01_ne_01"),
            ("smic", "s01", "s01_ne_02"),
            ("own", "a", "EP02_1"),
            ("samm", "006", "x"),
        )
    )
    assert not known.any()
    assert len(set(names.tolist())) == 4
