"""What errors and guides tell people to do can be done; wrong use is one line with a code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import service
from service.cli import app
from service.settings import Settings
from service.settings_cli import described
from service.usage import PROGRAM, run

ROOT = Path(service.__file__).parents[1]
TREE = typer.main.get_command(app)
PARTS = ("service", "pipeline", "models", "corpora")
CALL = re.compile(r"(?<![\w/'\[-])fengqiao ([a-z][a-z-]*)((?:(?!fengqiao )[^\n`|·#;。])*)")
OTHERS = re.compile(r"\b(?:curl|pip|pytest|chmod|head|pg_dump)\b")


def sources() -> Iterator[Path]:
    for part in PARTS:
        yield from sorted((ROOT / part).rglob("*.py"))


def guides() -> Iterator[Path]:
    yield ROOT / "README.md"
    for part in PARTS:
        for suffix in ("*.md", "*.yaml", "*.html"):
            yield from sorted((ROOT / part).rglob(suffix))


def told(node: ast.AST) -> str:
    """The constant text in an expression, what is filled in left as …"""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(told(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return " ".join(told(part) for part in ast.iter_child_nodes(node))


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of everything in a source file that people may read."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            yield node.lineno, told(node)


def commands() -> dict[tuple[str, ...], set[str]]:
    """Each command by its words, with its options."""
    found: dict[tuple[str, ...], set[str]] = {}

    def walk(command, path):
        found[path] = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)} | {"--help"}
        for name, below in getattr(command, "commands", {}).items():
            walk(below, (*path, name))

    walk(TREE, ())
    return found


KNOWN = commands()
OPTIONS = set().union(*KNOWN.values())


def wrong(text: str) -> list[str]:
    """Commands and options in a text that do not exist."""
    bad = []
    for match in CALL.finditer(text):
        path = (match[1],)
        if path not in KNOWN:
            bad.append(f"{PROGRAM} {match[1]}")
            continue
        words = match[2].split()
        group = any(len(known) > 1 and known[:1] == path for known in KNOWN)
        if group and words and re.fullmatch(r"[a-z][a-z-]*", words[0]):
            path = (*path, words[0])
            if path not in KNOWN:
                bad.append(f"{PROGRAM} {' '.join(path)}")
                continue
        if any(len(known) > len(path) and known[: len(path)] == path for known in KNOWN):  # a group, or a group of a group
            deeper = next((word for word in words if (*path, word) in KNOWN), None)
            allowed = set().union(*(options for known, options in KNOWN.items() if known[: len(path)] == path)) if deeper is None else KNOWN[(*path, deeper)]
        else:
            allowed = KNOWN[path]
        bad += [f"{PROGRAM} {' '.join(path)} {option}" for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", match[2]) if option not in allowed]
    return bad


def test_the_check_sees_what_is_wrong():
    assert wrong("用 fengqiao label 警情.csv -o 结果.csv --resume") == []
    assert wrong("见 fengqiao lable; fengqiao keys made; fengqiao label x --nope") == ["fengqiao lable", "fengqiao keys made", "fengqiao label --nope"]


def test_every_command_that_a_text_names_exists():
    bad = [f"{path.relative_to(ROOT)}:{line} {item}" for path in sources() for line, text in texts(path) for item in wrong(text)]
    assert bad == []


def test_every_command_that_a_guide_names_exists():
    bad = [f"{path.relative_to(ROOT)}: {item}" for path in guides() for item in wrong(path.read_text("utf-8"))]
    assert bad == []


def remedies() -> Iterator[tuple[str, str]]:
    """(place, text) of every remedy in the code."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "remedy":
                yield f"{path.relative_to(ROOT)}:{node.value.lineno}", told(node.value)


def test_every_option_and_setting_that_a_remedy_names_exists():
    settings = {name for name, _, _ in described()}
    for path in sources():  # read from the environment besides
        settings |= set(
            re.findall(r"FENGQIAO_[A-Z_]+", "\n".join(line for line in path.read_text("utf-8").splitlines() if "environ" in line or "envvar" in line))
        )
    seen = 0
    for place, text in remedies():
        seen += 1
        assert OTHERS.search(text) or not [option for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text) if option not in OPTIONS], f"{place} {text}"
        assert set(re.findall(r"FENGQIAO_[A-Z_]*[A-Z]", text)) <= settings, f"{place} {text}"
    assert seen > 150


def test_no_remedy_is_what_the_system_said_in_english():
    for path in sources():
        assert "remedy=error.strerror" not in path.read_text("utf-8"), path


def test_settings_tells_every_setting_with_its_meaning(capsys):
    assert run(app, ["settings"]) == 0
    shown = capsys.readouterr().out
    for name in Settings.model_fields:
        assert f"FENGQIAO_{name.upper()} " in shown
    assert "cascade" in shown


def test_a_wrong_setting_says_what_it_is_for_and_where_all_are_told(capsys, monkeypatch):
    monkeypatch.setenv("FENGQIAO_TIER", "best")
    assert run(app, ["keys", "list"]) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    for part in ("[FQ6504]", "FENGQIAO_TIER", "rules fast cascade full", "fengqiao settings"):
        assert part in line
    assert "best" not in line


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["label"], "FQ2012", ["INPUT", "fengqiao label INPUT --output …"]),
        (["label", "x.csv"], "FQ2012", ["--output"]),
        (["label", "x.csv", "-o"], "FQ2012", ["fengqiao label --help"]),
        (["label", "x.csv", "-o", "y.csv", "--overwite"], "FQ2011", ["是不是 --overwrite?"]),
        (["label", "x.csv", "-o", "y.csv", "--workers", "-3"], "FQ2013", ["--workers", "不小于 0"]),
        (["label", "x.csv", "-o", "y.csv", "--quiet=3"], "FQ2013", ["--quiet"]),
        (["triage", "x", "--tier", "老公打我"], "FQ2013", ["--tier", "rules fast cascade full"]),
        (["triage", "x", "--at", "昨天"], "FQ2013", ["2026-11-22T09:30:00"]),
        (["triage", "老公", "打我"], "FQ2015", ["引号"]),
        (["老公打我"], "FQ2014", ['fengqiao triage "文本"']),
        (["lable"], "FQ2014", ["是不是 fengqiao label?"]),
        (["rules", "lnt"], "FQ2014", ["是不是 fengqiao rules lint?"]),
        (["keys", "rotate", "abc", "--grace-hours", "老公"], "FQ2013", ["数字"]),
    ],
)
def test_wrong_use_is_one_line_with_code_and_remedy(capsys, args, code, says):
    assert run(app, args) == 2
    told_ = capsys.readouterr()
    assert told_.out == ""
    assert told_.err.count("\n") == 1
    assert told_.err.startswith(f"[{code}]")
    for part in (*says, "办法 remedy"):
        assert part in told_.err
    assert not [word for word in ("老公", "打我", "昨天") if word in told_.err]  # what was typed may be a narrative


def test_help_stays(capsys):
    assert run(app, ["label", "--help"]) == 0
    assert "--overwrite" in capsys.readouterr().out
    assert run(app, ["rules"]) == 2
    shown = capsys.readouterr()
    assert "lint" in shown.out + shown.err


def test_a_file_that_cannot_be_written_says_what_helps(capsys, tmp_path):
    assert run(app, ["triage", "楼上漏水", "--tier", "rules", "--html", str(tmp_path / "none" / "a.html")]) == 2
    line = capsys.readouterr().err
    assert line.startswith("[FQ2209]")
    assert "输出的文件夹不存在" in line
