"""Who is in a clip: subjects of different databases that are the same people."""

from __future__ import annotations

from collections.abc import Iterable

#: Databases whose subjects, under the same names, are the people of another database.
SAME_PEOPLE = {"samm_lv": "samm"}


def person(group: str) -> str:
    """The subject `database/subject` under the name that the same person has in all databases.

    >>> person("samm_lv/006"), person("casme2/sub01")
    ('samm/006', 'casme2/sub01')
    """
    database, _, subject = group.partition("/")
    return f"{SAME_PEOPLE.get(database, database)}/{subject}"


def people(groups: Iterable[str]) -> set[str]:
    """The people of these subjects."""
    return {person(group) for group in groups}
