from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from django.core.cache import cache

from tenancy.caches import KeptClient


def test_one_client_answers_all_calls_of_a_thread() -> None:
    client: KeptClient = cache._cache  # type: ignore[attr-defined]

    assert client.get_client() is client.get_client("any", write=True)


def test_threads_read_what_others_wrote() -> None:
    def written(number: int) -> int:
        cache.set(f"number-{number}", number, timeout=60)
        return number

    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(written, range(50)))

    assert [cache.get(f"number-{number}") for number in numbers] == numbers
