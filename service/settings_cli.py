"""`fengqiao settings`: every setting of the service, its default and what it is for; what FQ6504 points at."""

from __future__ import annotations

from typing import Any

PREFIX = "FENGQIAO_"


def settings() -> None:
    """列出全部设置: FENGQIAO_… 环境变量、缺省值、说明 · every setting of the service."""
    import typer

    for name, default, says in described():
        typer.echo(f"{name:34}{default:38}{says}")


def described() -> list[tuple[str, str, str]]:
    """(variable, default, what it is for) of each setting, in the order in which a bureau reads them; no values that are set."""
    from service.settings import Settings

    return [(PREFIX + name.upper(), _shown(field.default), meaning(name)) for name, field in Settings.model_fields.items()]


def meaning(name: str) -> str:
    """What a setting is for, and what it accepts where that is a list of words."""
    from service.settings import Settings

    field = Settings.model_fields[name]
    words = [str(word) for word in getattr(field.annotation, "__args__", ()) if isinstance(word, str)]
    return (field.description or "") + (f" ({' '.join(words)})" if words else "")


def _shown(value: Any) -> str:
    if value is None:
        return "(空)"
    if isinstance(value, bool):
        return str(value).lower()
    return "[]" if value == [] else '["*"]' if value == ["*"] else str(value)
