"""Reading a report back: its tables, and whether its page keeps to what a page may hold."""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser

from service.report.model import Table


def table(made, title) -> Table:
    return next(found for section in made.sections for found in section.tables() if found.title.startswith(title))


class Strict(HTMLParser):
    """Collects what could run or reach outside."""

    def __init__(self):
        super().__init__()
        self.bad, self.tags, self.ids = [], Counter(), []

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        if tag in ("script", "iframe", "object", "embed", "link", "base", "form", "img", "foreignobject", "use", "image"):
            self.bad.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value)
            if name.startswith("on") or name in ("src", "xlink:href", "srcset") or (name == "href" and not value.startswith("#")):
                self.bad.append(f"{tag} {name}")
