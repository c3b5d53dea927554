from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django.core.cache import cache


def test_values_are_kept_until_they_expire_or_are_deleted() -> None:
    cache.set_many({"a": (1, "one"), "b": None}, timeout=60)

    assert cache.get_many(["a", "b", "c"]) == {"a": (1, "one"), "b": None}
    assert (cache.get("c", "nothing"), cache.get_many([])) == ("nothing", {})
    assert (cache.add("a", 2), cache.add("c", 3, timeout=60)) == (False, True)
    assert (cache.delete("a"), cache.delete("a"), cache.get("a")) == (True, False, None)
    assert 0 < cache.client.ttl(cache.make_key("b")) <= 60  # type: ignore[attr-defined]


def test_threads_read_what_others_wrote() -> None:
    def written(number: int) -> int:
        cache.set(f"number-{number}", number, timeout=60)
        return number

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(written, range(50)))

    assert [cache.get(f"number-{number}") for number in numbers] == numbers
