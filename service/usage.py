"""Wrong use of the command line, told in one line as every other error is: what is wrong in Chinese and English, a code, and the command that helps.

What was typed may be a narrative, so it is repeated only where it is plainly the name of an option or of a command.
FQ2010 other · FQ2011 unknown option · FQ2012 something is missing · FQ2013 a value that does not fit · FQ2014 unknown command · FQ2015 too many arguments ·
FQ2016 a file on the way
"""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer

from pipeline.errors import FengqiaoError, InputError
from service.reach import in_the_way

PROGRAM = "fengqiao"
_NAME = re.compile(r"-{0,2}[A-Za-z][A-Za-z0-9-]{0,30}")
_CHOICES = re.compile(r"is not one of (.+?)\.?$")
_BOUNDS = (("greater than or equal to", "不小于"), ("less than or equal to", "不大于"), ("greater than", "大于"), ("less than", "小于"))
_KINDS = (
    ("datetime", "时间, 如 2026-11-22T09:30:00"),
    ("integer", "整数"),
    ("number", "数字"),
    ("float", "数字"),
    ("boolean", "true 或 false"),
    ("path", "文件路径"),
)
_Usage: Any = typer.BadParameter.__mro__[1]  # typer brings its own parser or uses click's, as it is new or old


def run(app: typer.Typer, args: Sequence[str] | None = None) -> int:
    """Run the command line and give its exit code; errors are one line on stderr and 2."""
    given = list(sys.argv[1:] if args is None else args)
    command = typer.main.get_command(app)
    try:
        ended = command.main(args=given, prog_name=PROGRAM, standalone_mode=False)
    except _Usage as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # a group by itself: its help is the answer
            error.show()
            return 2
        return _say(wrong_use(error, command, given))
    except FengqiaoError as error:
        return _say(error)
    except typer.Abort:
        sys.stderr.write("已中断 / interrupted\n")
        return 1
    except OSError as error:
        if not isinstance(error.filename, str):
            raise
        return _say(in_the_way("FQ2016", Path(error.filename).name, error))
    return ended if isinstance(ended, int) else 0


def _say(error: FengqiaoError) -> int:
    sys.stderr.write(f"{error}\n")
    return 2


def wrong_use(error: Any, command: Any, args: Sequence[str]) -> InputError:
    """A parser's complaint as an error of ours. `command`: the whole tree; `args`: what was typed."""
    path, here = _reached(command, args)
    kind, says, more = type(error).__name__, str(getattr(error, "message", "")), f"{' '.join((PROGRAM, *path))} --help"
    if kind == "NoSuchOption":
        named = _safe(str(error.option_name))
        near = difflib.get_close_matches(named, _options(here), 1, 0.6)
        return InputError("FQ2011", "没有这个选项", "no such option", seen=named, remedy=(f"是不是 {near[0]}? " if near else "") + f"用法见 {more}")
    if kind in ("MissingParameter", "BadOptionUsage", "BadArgumentUsage"):
        name = _called(error.param) if getattr(error, "param", None) is not None else _safe(str(getattr(error, "option_name", "")))
        if "does not take" in says:
            return InputError("FQ2013", "这个选项后面不带值", "this option takes no value", seen=name, remedy=f"只写 {name}; 用法见 {more}")
        example = _usual(here)
        return InputError(
            "FQ2012", "缺少参数或选项的值", "an argument or a value is missing", seen=name, remedy=f"{' '.join((PROGRAM, *path))} {example}; 用法见 {more}"
        )
    if kind == "BadParameter":
        return InputError("FQ2013", "值不合要求", "a value does not fit", seen=_called(getattr(error, "param", None)), remedy=f"{_fits(says)}; 用法见 {more}")
    if says.startswith("No such command"):
        typed = next((word for word in args[len(path) :] if not word.startswith("-")), "")
        near = difflib.get_close_matches(typed, list(here.commands), 1, 0.6)
        hint = f"是不是 {' '.join((PROGRAM, *path, near[0]))}? " if near else f'研判一段文本: {PROGRAM} triage "文本"; ' if not path else ""
        return InputError("FQ2014", "没有这个命令", "no such command", seen=_safe(typed), remedy=f"{hint}全部命令见 {more}")
    if "extra argument" in says:
        return InputError("FQ2015", "多出了参数", "too many arguments", seen="多余的参数 extra", remedy=f"含空格的文本或路径要加引号; 用法见 {more}")
    return InputError("FQ2010", "用法不对", "wrong use", seen=" ".join(path) or PROGRAM, remedy=f"用法见 {more}")


def _reached(command: Any, args: Sequence[str]) -> tuple[list[str], Any]:
    """How far into the tree what was typed leads: names of commands, and the last of them."""
    path: list[str] = []
    for word in args:
        below = getattr(command, "commands", {})
        if word not in below:
            break
        path.append(word)
        command = below[word]
    return path, command


def _options(command: Any) -> list[str]:
    return [name for parameter in command.params for name in parameter.opts if name.startswith("--")] + ["--help"]


def _called(parameter: Any) -> str:
    """An argument as the help calls it, an option by its long name."""
    if parameter is None:
        return "参数 argument"
    long = [name for name in parameter.opts if name.startswith("--")]
    return long[0] if long else str(parameter.metavar or parameter.name).upper()


def _usual(command: Any) -> str:
    """What a command cannot do without."""
    needed = [parameter for parameter in getattr(command, "params", ()) if parameter.required]
    return " ".join(f"{_called(one)} …" if _called(one).startswith("-") else _called(one) for one in needed) or "…"


def _fits(says: str) -> str:
    """What would fit, from the parser's own words; never the value."""
    if found := _CHOICES.search(says):
        return "可用 " + " ".join(re.findall(r"'([^']*)'", found[1]))
    for words, told in _BOUNDS:
        if found := re.search(rf"{words} (-?\d+(?:\.\d+)?)", says):
            return f"须{told} {found[1]}"
    return next((f"须是{told}" for word, told in _KINDS if word in says.replace("float", "number")), "换一个值")


def _safe(typed: str) -> str:
    """What was typed, where it is a name and no narrative."""
    return typed if _NAME.fullmatch(typed) else "一段文本 some text"
