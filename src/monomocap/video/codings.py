"""How pictures become files: which coding a name's ending and transparency ask for."""

from dataclasses import dataclass, field
from pathlib import Path

from monomocap.errors import OutputError


@dataclass(frozen=True)
class Coding:
    """A container and what is in it, in FFmpeg's words."""

    container: str
    codec: str
    pix_fmt: str
    options: dict[str, str] = field(default_factory=dict)


_H264 = Coding("mp4", "libx264", "yuv420p", {"preset": "veryfast", "crf": "20"})
_VP9_OPTIONS = {"crf": "28", "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"}
CODINGS: dict[tuple[str, bool], Coding] = {
    (".mp4", False): _H264,
    (".m4v", False): _H264,
    (".mov", False): _H264,
    (".webm", False): Coding("webm", "libvpx-vp9", "yuv420p", _VP9_OPTIONS),
    (".webm", True): Coding(
        "webm", "libvpx-vp9", "yuva420p", {**_VP9_OPTIONS, "auto-alt-ref": "0"}
    ),
    (".mov", True): Coding("mov", "prores_ks", "yuva444p10le", {"profile": "4444"}),
}
"""(ending, transparent) -> coding. ProRes 4444 for editors, VP9 for browsers."""
ENDINGS = tuple(dict.fromkeys(ending for ending, _ in CODINGS))


def coding_of(path: Path, transparent: bool = False) -> Coding:
    """The coding of a video's name; raises `OutputError` with the list of endings."""
    found = CODINGS.get((path.suffix.lower(), transparent))
    if found is None:
        fitting = ", ".join(ending for ending, alpha in CODINGS if alpha == transparent)
        kind = "a transparent video" if transparent else "a video"
        raise OutputError(f"cannot write {path}: {kind} ends in {fitting}")
    return found
