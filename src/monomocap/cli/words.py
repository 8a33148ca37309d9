"""Options that several sub-commands share: one name and one help text each.

Their meanings and defaults are those of `monomocap.options.Options`.
"""

from pathlib import Path
from typing import Annotated

import typer

from monomocap.options import Device, Smooth, View

Video = Annotated[Path, typer.Argument(help="The video file.", metavar="VIDEO")]
Source = Annotated[
    str,
    typer.Argument(help="webcam[:N], an address, a file, or - for a pipe.", metavar="VIDEO"),
]
Sources = Annotated[
    list[str],
    typer.Argument(
        help="Files, folders, patterns, a .txt list, addresses, webcam[:N], or - for a pipe.",
        metavar="VIDEO...",
        show_default=False,
    ),
]
Folder = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder for the results.", metavar="DIR"),
]
DetectorName = Annotated[
    str, typer.Option("--detector", help="What finds people in 2D.", metavar="NAME|PATH")
]
Boxes = Annotated[
    str | None,
    typer.Option(
        "--boxes",
        help="What finds people in place of the detector's own: mediapipe, or an RTMDet ONNX file.",
        metavar="NAME|FILE",
    ),
]
Person = Annotated[
    str,
    typer.Option("--person", help="Whom to keep.", metavar="all|largest|longest|center|ID|x,y@t"),
]
LifterName = Annotated[
    str, typer.Option("--lifter", help="What turns 2D into 3D.", metavar="NAME|PATH")
]
AsPublished = Annotated[
    bool,
    typer.Option("--as-published", help="Run a model folder with its original's limits."),
]
DeviceName = Annotated[Device, typer.Option("--device", help="Where networks run.")]
MaxFrames = Annotated[
    int | None, typer.Option("--max-frames", help="Stop after this many frames.", metavar="N")
]
Height = Annotated[
    float | None,
    typer.Option("--height", help="How tall the people are, if known.", metavar="METRES"),
]
Fill = Annotated[
    float, typer.Option("--fill", help="Interpolate gaps up to so long.", metavar="SECONDS")
]
SmoothName = Annotated[Smooth, typer.Option("--smooth", help="How much jitter to remove.")]
Focal = Annotated[
    float | None,
    typer.Option("--focal", help="Focal length in pixels of the picture, if known.", metavar="PX"),
]
Fov = Annotated[
    float | None,
    typer.Option("--fov", help="Field of view along the longer side, if known.", metavar="DEG"),
]
Calibration = Annotated[
    str | None,
    typer.Option(
        "--calibration",
        help="The calibrated camera: OpenCV, Pose2Sim or JSON.",
        metavar="FILE[#CAMERA]",
    ),
]
Size = Annotated[
    str | None,
    typer.Option("--size", help="Pictures that finished 2D is of.", metavar="WIDTHxHEIGHT"),
]
ImageFps = Annotated[
    float | None,
    typer.Option(
        "--image-fps",
        help="Pictures per second of a folder of pictures.",
        metavar="FPS",
        show_default="30, and a warning",
    ),
]
Azimuth = Annotated[
    float | None,
    typer.Option(
        "--azimuth",
        help="Turn the 3D view around the person.",
        metavar="DEG",
        show_default=f"{View.azimuth_deg:g}, or the model folder's",
    ),
]
Elevation = Annotated[
    float | None,
    typer.Option(
        "--elevation",
        help="Raise the 3D view.",
        metavar="DEG",
        show_default=f"{View.elevation_deg:g}, or the model folder's",
    ),
]
Formats = Annotated[
    str,
    typer.Option(
        "--format",
        help="More files beside take.json and take.npz, as csv,trc,c3d.",
        metavar="A,B,...",
        show_default=False,
    ),
]
OWN_NAMES, ANY_PROGRAM, T_POSE = "rig", "", "T"
"""`monomocap.formats.style.Style`'s defaults, which is slow to import."""
Names = Annotated[
    str,
    typer.Option("--names", help="What bones are called: rig, mixamo, vrm, ...", metavar="PRESET"),
]
Program = Annotated[
    str,
    typer.Option(
        "--for",
        help="Who will read it, for up axis and unit: blender, maya, unity, ...",
        metavar="PROGRAM",
        show_default="the format's own",
    ),
]
Rest = Annotated[
    str,
    typer.Option("--rest", help="The pose without rotations: arms level or sunk.", metavar="T|A"),
]
NoVideo = Annotated[bool, typer.Option("--no-video", help="Do not render take.mp4.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but warnings and errors.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
