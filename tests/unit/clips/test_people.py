"""Who is the same person under another name."""

from __future__ import annotations

from mien.clips.people import people, person


def test_the_long_videos_of_samm_show_the_people_of_samm() -> None:
    assert person("samm_lv/006") == person("samm/006")
    assert people(["samm_lv/006", "samm/006", "samm/007"]) == {"samm/006", "samm/007"}


def test_other_databases_are_of_other_people() -> None:
    assert person("casme2/s15") != person("casme_sq/s15")
    assert person("own/anna/left") == "own/anna/left"
