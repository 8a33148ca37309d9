"""MOT, OpenSim's file of motions: one person's coordinates over time, degrees and metres.

The names are those of the full-body model of Rajagopal et al. (2016), as `geometry.opensim` finds
them. Frames in which the person was not seen are left out; the rest keep their times.
"""

from pathlib import Path

import numpy as np

from monomocap.formats.files import whole_or_nothing
from monomocap.formats.format import Format
from monomocap.geometry.opensim import Coordinates, opensim_coordinates
from monomocap.types import Take

DECIMALS = 6


class Mot(Format):
    """Coordinates for OpenSim's models, as text."""

    about = "MOT (OpenSim coordinates)"
    one_person = True

    def write(self, take: Take, path: Path) -> None:
        """Write the person's coordinates."""
        (motion,), (track,) = take.motions, take.tracks
        found = opensim_coordinates(motion, take.camera, track)
        with whole_or_nothing(path) as temporary:
            text = "\n".join([*_head(found, path.name), *_rows(found)])
            temporary.write_text(text + "\n", encoding="utf-8")


def _head(found: Coordinates, name: str) -> list[str]:
    return [
        name,
        "version=1",
        f"nRows={len(found.time_s)}",
        f"nColumns={1 + len(found.values)}",
        "inDegrees=yes",
        "",
        "Coordinates of the model of Rajagopal et al. (2016); lengths are in metres.",
        "Angles that the joints' centres do not tell lie on straight lines between those they do.",
        "",
        "endheader",
        "\t".join(["time", *found.values]),
    ]


def _rows(found: Coordinates) -> list[str]:
    columns = np.stack([found.time_s, *found.values.values()], axis=-1).round(DECIMALS) + 0.0
    return ["\t".join(f"{value:.{DECIMALS}f}" for value in row) for row in columns.tolist()]
