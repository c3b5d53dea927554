"""Processor time of the processes of a run, by what they are; Linux tells it in /proc."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import redis
from django.conf import settings
from django.db import connections

from bench.load.stage import Stage

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")


def processor(stage: Stage) -> dict[str, float]:
    """Seconds so far of web, worker, beat and the two servers; empty where nothing tells them."""
    if not (PROC / "self" / "stat").exists():
        return {}
    roots = {command.name: process.pid for command, process in stage.members.running}
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    seconds, parents = _all()
    roots |= {"PostgreSQL": parents[backend], "Valkey": _valkey()}
    children: dict[int, list[int]] = defaultdict(list)
    for process, parent in parents.items():
        children[parent].append(process)
    return {name: _tree(root, seconds, children) for name, root in roots.items()}


def _all() -> tuple[dict[int, float], dict[int, int]]:
    """Seconds and parent of every process, with the seconds of its children that have ended."""
    seconds, parents = {}, {}
    for entry in PROC.glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        parents[int(entry.name)] = int(fields[1])
        seconds[int(entry.name)] = sum(map(int, fields[11:15])) / TICK
    return seconds, parents


def _tree(root: int, seconds: Mapping[int, float], children: Mapping[int, list[int]]) -> float:
    below = (_tree(child, seconds, children) for child in children.get(root, ()))
    return seconds.get(root, 0.0) + sum(below)


def _valkey() -> int:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return int(client.info("server")["process_id"])
