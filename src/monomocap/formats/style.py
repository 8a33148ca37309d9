"""How a file of rotations should be made: names, axes, unit, rest pose."""

from dataclasses import dataclass
from typing import cast, get_args

from monomocap.errors import UnknownName
from monomocap.formats.presets import Axes, axes_of, names_of
from monomocap.geometry.rig import RestPose


@dataclass(frozen=True)
class Style:
    """What the reader of a file wants; each format takes of it what it has room for."""

    names: str = "rig"
    """What the joints are called (`presets.NAMES`)."""
    program: str = ""
    """Who will read it (`presets.AXES`): up axis and unit. Empty for the format's own."""
    rest: str = "T"
    """The pose without rotations: T, arms level, or A, arms 45 degrees below."""

    def __post_init__(self) -> None:
        names_of(self.names)
        if self.program:
            axes_of(self.program)
        if self.rest not in get_args(RestPose):
            raise UnknownName("rest pose", self.rest, get_args(RestPose))

    @property
    def rest_pose(self) -> RestPose:
        """The rest pose as the rig's type."""
        return cast(RestPose, self.rest)

    def axes(self, otherwise: str) -> Axes:
        """The program's axes, or another's where none was named."""
        return axes_of(self.program or otherwise)
