"""The figures as the lines of a table."""

from __future__ import annotations

from collections.abc import Sequence

from bench.pages.comparing import Figure

ALIKE = 1.5  # times the bytes


def print_figures(figures: Sequence[Figure], *, clients: int, slack: float) -> None:
    print(f"\nPages over {clients} clients with {clients * 16} key results")
    print(
        f"{'':<22}{'queries':>8}{'bytes':>8}{'ms':>8}{'ratio':>8}{'of CPU':>8}{'most':>6}{'aim':>5}"
    )
    for one in figures:
        print(
            f"{one.name:<22}{one.queries:>8}{one.size:>8}{one.wall * 1000:>8.2f}"
            f"{one.ratio:>8.1f}{one.cpu_ratio:>8.1f}{one.most or '':>6}{one.aim or '':>5}"
            f"{'' if one.is_kept(slack=slack) else '  MISSED'}"
        )


def print_growth(small: Sequence[Figure], large: Sequence[Figure], *, most: float) -> bool:
    """How much dearer each page is over the larger data; False where one grew more than `most`.

    A page that shows more there is another page: with one client My week has 5 cards, not 50.
    """
    before = {one.name: one for one in small}
    alike = [one for one in large if one.size < before[one.name].size * ALIKE + 1]
    grown = {one.name: one.ratio / before[one.name].ratio for one in alike}
    worst = max(grown.values())
    lines = ", ".join(f"{name} {times:.2f}" for name, times in grown.items())
    print(f"Growth: {lines}.")
    print(f"Limit: {most}, {'kept' if worst <= most else 'MISSED'}.")
    return worst <= most
