"""A paper as one HTML page: escaped, self-contained, fit to print on A4."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from service.papers.fill import BLANK, Paper

_FOLDER = Path(__file__).parent / "templates"


def to_html(paper: Paper) -> str:
    """The page. Everything that came from a narrative is escaped."""
    return _template().render(paper=paper, blank=BLANK)


@cache
def _template() -> Template:
    env = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return env.get_template("paper.html.j2")
