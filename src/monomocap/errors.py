"""Every error that monomocap raises on purpose.

MonomocapError
├── InputError            what the user handed in cannot be used
│   ├── UnknownName       a detector, lifter, format ... that does not exist (lists those that do)
│   ├── OptionError       an option's value is out of range, or two options contradict each other
│   ├── VideoError        no such file, not a video, no video stream, cannot be decoded
│   ├── DataError         a motion capture or benchmark file that cannot be read
│   └── FormatError       a saved result that cannot be read, or a file type nobody writes
├── OutputError           the place to write to cannot be written
├── WeightsError          a weights file is missing, damaged, or not the one it claims to be
├── DeviceError           the device that was asked for is not there
├── MissingDependency     a library of an optional extra, or of the system, is not installed
└── Cancelled             a progress callback asked to stop

Each message is one line: what is wrong, which file or name, and what to do now.
"""

from collections.abc import Iterable


class MonomocapError(Exception):
    """Root of all errors raised on purpose; the command line prints it on one line and exits 2."""


class InputError(MonomocapError):
    """What the user handed in cannot be used."""


class UnknownName(InputError):
    """A name that is not in the list of choices."""

    def __init__(self, kind: str, name: str, choices: Iterable[str]) -> None:
        listed = ", ".join(sorted(choices))
        super().__init__(f"no {kind} is called {name!r}; choose one of: {listed}")


class OptionError(InputError):
    """An option's value is out of range, or two options contradict each other."""


class VideoError(InputError):
    """A video that is missing, is not a video, or cannot be decoded."""


class DataError(InputError):
    """A motion capture or benchmark file that cannot be read."""


class FormatError(InputError):
    """A saved result that cannot be read, or a file type nobody writes."""


class OutputError(MonomocapError):
    """The place to write to cannot be written."""


class WeightsError(MonomocapError):
    """A weights file that is missing, damaged, or not the one it claims to be."""


class DeviceError(MonomocapError):
    """The device that was asked for is not there."""


class MissingDependency(MonomocapError):
    """A library of an optional extra, or of the system, is not installed."""


class Cancelled(MonomocapError):
    """A progress callback asked to stop."""
