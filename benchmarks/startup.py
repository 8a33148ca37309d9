"""How long a user waits before anything happens: the best of several fresh processes.

    python benchmarks/startup.py             python benchmarks/startup.py --imports

Targets: `import monomocap` under 0.3 s, `monomocap --help` under 0.6 s. `--imports` lists the
slowest imports of the latter.
"""

import subprocess
import sys
import time

RUNS = 7
TARGETS_S = {
    "import monomocap": (0.3, ["-c", "import monomocap"]),
    "monomocap --help": (0.6, ["-m", "monomocap", "--help"]),
}


def best_s(words: list[str]) -> float:
    """Seconds of the quickest of several runs of Python with these words."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        subprocess.run([sys.executable, *words], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    return min(times)


def slowest_imports(words: list[str], count: int = 15) -> list[str]:
    """Lines of `-X importtime` with the largest cumulative time, slowest first."""
    command = [sys.executable, "-X", "importtime", *words]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = [line for line in ended.stderr.splitlines() if line.startswith("import time:")][1:]
    return sorted(lines, key=lambda line: -int(line.split("|")[1]))[:count]


def main() -> int:
    """Print both times; 1 if one is over its target."""
    late = False
    for name, (target_s, words) in TARGETS_S.items():
        took_s = best_s(words)
        late |= took_s >= target_s
        sys.stdout.write(f"{name:<20}{took_s:7.3f} s   target {target_s} s\n")
    if "--imports" in sys.argv:
        sys.stdout.write("\n".join(slowest_imports(TARGETS_S["monomocap --help"][1])) + "\n")
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
