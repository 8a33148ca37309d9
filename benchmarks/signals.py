"""What the signals of safety say of all free motion capture: falls, lying still, hands up.

    python benchmarks/signals.py ../shared/mocap/free17.npz

Three recordings show falls (CMU 90_16 and 90_17, Mesh2Motion's Death01), in three somebody lies
still for three seconds (ACCAD's), and MHAD's people have both hands up when they wave both (a05),
and in jumping jacks (a02) for a moment. Prints what was found of those, every fall and lying still
that is signalled elsewhere, and in how many clips of each MHAD action hands are up.
"""

import argparse
import re
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

from monomocap.apps.recognize.features import RATE_HZ, series_of
from monomocap.apps.recognize.signals import signals
from monomocap.datasets.mocap import common_body, read_free17

FALLS = {"90_16", "90_17", "Death01"}
LYING = {"Female1_A09_LieT2", "Male1_A9_LieDown", "Male2_A9_Lie"}


def main() -> None:
    """Look at every clip and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("mocap", type=Path)
    seconds, up, clips = 0.0, Counter[str](), Counter[str]()
    found: dict[str, dict[str, int]] = {"fall": defaultdict(int), "lying still": defaultdict(int)}
    for clip in read_free17(words.parse_args().mocap):
        series = series_of(replace(clip.motion, xyz_m=common_body(clip.motion.xyz_m)))
        seconds += len(series) / RATE_HZ
        names = [one.name for one in signals(series, 0)]
        for name, where in found.items():
            if name in names:
                where[clip.name] += names.count(name)
        action = re.match(r"skl_s\d\d_(a\d\d)_r", clip.name)
        if action:
            clips[action[1]] += 1
            up[action[1]] += "hands up" in names
    tell(f"{seconds / 60:.0f} minutes")
    for name, truth in (("fall", FALLS), ("lying still", LYING)):
        true = {clip: n for clip, n in found[name].items() if clip in truth}
        other = {clip: n for clip, n in found[name].items() if clip not in truth}
        tell(f"{name}: {len(true)} of {len(truth)} found; elsewhere {sum(other.values())} {other}")
    tell("hands up: " + ", ".join(f"{a} {up[a]} of {clips[a]}" for a in sorted(clips)))


def tell(line: str) -> None:
    """One line, at once."""
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
