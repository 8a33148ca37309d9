"""The data sets with truth, by name."""

from monomocap.datasets.human36m import HUMAN36M
from monomocap.datasets.recording import Benchmark

BENCHMARKS: dict[str, Benchmark] = {benchmark.name: benchmark for benchmark in (HUMAN36M,)}
