"""How long a piece of work takes, measured beside its rivals so that a busy machine is fair."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Work = Callable[[], object]


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one piece of work."""

    median_ms: float
    best_ms: float
    """The quickest run: what a quiet machine would take."""
    cpu_ms: float
    """Of all threads together, in the run that took least: neighbours hardly change it, threads
    that spin while they wait raise it."""
    runs: int


def in_turns(works: Sequence[Work], *, seconds: float, least_runs: int = 3) -> list[Latency]:
    """Measure each work, one after the other in every round, after a round that does not count.

    Rounds go on for `seconds`, and until there are `least_runs` of them; work so heavy that one
    round takes longer than `seconds` is measured once.
    """
    began_s = time.perf_counter()
    for work in works:
        work()
    once = time.perf_counter() - began_s > seconds
    rounds: list[list[tuple[float, float]]] = []
    began_s = time.perf_counter()
    while time.perf_counter() - began_s < seconds or len(rounds) < (1 if once else least_runs):
        rounds.append([_milliseconds(work) for work in works])
        if once:
            break
    return [_summary(runs) for runs in zip(*rounds, strict=True)]


def _milliseconds(work: Work) -> tuple[float, float]:
    """By the clock, and of the CPU."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    work()
    return 1000 * (time.perf_counter() - wall_s), 1000 * (time.process_time() - cpu_s)


def _summary(runs: Sequence[tuple[float, float]]) -> Latency:
    wall_ms, cpu_ms = zip(*runs, strict=True)
    return Latency(statistics.median(wall_ms), min(wall_ms), min(cpu_ms), len(runs))
