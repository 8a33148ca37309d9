"""The data sets with truth, by name."""

from monomocap.datasets.balance import BALANCE
from monomocap.datasets.human36m import HUMAN36M
from monomocap.datasets.humaneva import HUMANEVA
from monomocap.datasets.mpi_inf_3dhp import MPI_INF_3DHP
from monomocap.datasets.recording import Benchmark
from monomocap.datasets.threedpw import THREEDPW

BENCHMARKS: dict[str, Benchmark] = {
    benchmark.name: benchmark for benchmark in (HUMAN36M, MPI_INF_3DHP, HUMANEVA, THREEDPW, BALANCE)
}
