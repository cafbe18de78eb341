"""Reads a report back: its elements, its words, and whether its tags close."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

VOID = {"meta", "br", "link", "img", "input", "hr", "base", "source"}


@dataclass
class Element:
    """A start tag with its attributes, and the text inside it."""

    name: str
    attributes: dict[str, str]
    parents: tuple[str, ...]
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


class Page(HTMLParser):
    """All elements of an HTML file; `faults` lists tags that do not close as they should."""

    def __init__(self, file: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.source = file.read_text(encoding="utf-8")
        self.elements: list[Element] = []
        self.faults: list[str] = []
        self._open: list[Element] = []
        self.feed(self.source)
        self.close()
        self.faults += [f"never closed: {each.name}" for each in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if len(attributes) != len(attrs):
            self.faults.append(f"an attribute twice: {tag}")
        element = Element(tag, attributes, tuple(each.name for each in self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1].name != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1].name if self._open else 'nothing'}")
            return
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for each in self._open:
            each.words.append(data)

    def all(self, name: str, class_: str | None = None) -> list[Element]:
        return [
            each
            for each in self.elements
            if each.name == name and (class_ is None or class_ in each.attributes.get("class", "").split())
        ]

    def section(self, id_: str) -> str:
        """The words of one section."""
        return next(each.text for each in self.all("section") if each.attributes["id"] == id_)

    @property
    def text(self) -> str:
        return next(each.text for each in self.all("body"))
