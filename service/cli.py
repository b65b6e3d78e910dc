"""`fengqiao`: the command line. Data goes to stdout, everything else to stderr; exit 0 done · 1 findings · 2 wrong use or unreadable input."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import FengqiaoError
from service import rules_cli

app = typer.Typer(help="枫桥: 警情文本研判 · triage of Chinese police incident narratives", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(rules_cli.app, name="rules")


@app.callback()
def _root() -> None:
    """枫桥: 离线、可解释、只提建议。"""


RulesOption = Annotated[list[Path] | None, typer.Option("--rules", help="本地规则文件夹, 可多次 · local rule overlay")]


def main() -> None:
    """Entry point: coded errors become one line on stderr and exit 2."""
    try:
        app()
    except FengqiaoError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
