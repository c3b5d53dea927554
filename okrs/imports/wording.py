"""What an import made, in words."""

from __future__ import annotations

from okrs.imports.writing import Made


def said_made(made: Made, *, zeros: bool = True) -> list[str]:
    """Each kind with its count, the key results first; without `zeros` only what there is."""
    said = [
        counted(made.key_results, "key result"),
        counted(made.objectives, "objective"),
        counted(made.metrics, "metric"),
        counted(made.cycles, "cycle"),
        counted(made.teams, "team"),
        counted(made.placeholders, "placeholder"),
        counted(made.contributions, "contribution link"),
    ]
    return [text for text in said if zeros or not text.startswith("0 ")]


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
