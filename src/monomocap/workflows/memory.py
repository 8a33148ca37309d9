"""How much memory a video takes, and how it grows with the video's length.

python -m monomocap.workflows.memory VIDEO OPTIONS_AS_JSON     # what the measurement runs inside
"""

import json
import math
import re
import resource
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import av

from monomocap.errors import MonomocapError, OptionError, VideoError
from monomocap.options import Options, Progress, no_progress

SHORT_S, LONG_S = 60.0, 600.0


@dataclass(frozen=True)
class MemoryResult:
    """Peak memory on a short and on a long loop of the same video, each in a process of its own."""

    video: str
    short_frames: int
    long_frames: int
    people: int
    short_peak_mb: float
    long_peak_mb: float
    bytes_per_person_frame: float
    """What one more frame of one person adds to the peak."""


def peak_memory_mb() -> float:
    """The most memory (resident, MB) that this process has held since it began."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        status = ""
    if high_water := re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE):
        return int(high_water[1]) * 1024 / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kB, on macOS bytes
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6


def measure_growth(
    video: str | Path,
    options: Options = Options(),
    *,
    short_s: float = SHORT_S,
    long_s: float = LONG_S,
    progress: Progress = no_progress,
) -> MemoryResult:
    """Run the whole estimate on this video looped to `short_s` and to `long_s`.

    The loops lie in the folder of temporary files, copied without decoding: an hour of a phone's
    1080p video takes about 7 GB there.
    """
    if not long_s >= 2 * short_s:
        raise OptionError(f"the longer loop must be at least {2 * short_s:g} s, not {long_s:g}")
    runs = []
    with tempfile.TemporaryDirectory() as folder:
        for done, seconds in enumerate((short_s, long_s)):
            progress("memory", done, 2)
            looped = loop_video(Path(video), Path(folder) / "looped.mkv", seconds)
            runs.append(_run_apart(looped, options))
    progress("memory", 2, 2)
    short, long = runs
    people = max(1, long.people)
    growth = (long.peak_mb - short.peak_mb) * 1e6 / ((long.frames - short.frames) * people)
    return MemoryResult(
        video=str(video),
        short_frames=short.frames,
        long_frames=long.frames,
        people=long.people,
        short_peak_mb=short.peak_mb,
        long_peak_mb=long.peak_mb,
        bytes_per_person_frame=growth,
    )


@dataclass(frozen=True)
class _Run:
    frames: int
    people: int
    peak_mb: float


def _run_apart(video: Path, options: Options) -> _Run:
    """One estimate in a new process, so that its peak is its own."""
    command = [sys.executable, "-m", __name__, str(video), json.dumps(asdict(options))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise MonomocapError(f"the memory run on {video.name} failed: {last}")
    return _Run(**json.loads(done.stdout))


def loop_video(source: Path, target: Path, seconds: float) -> Path:
    """The same pictures again and again until `seconds` are full, copied without decoding."""
    try:
        with av.open(str(target), "w") as out:
            _copy_packets(source, out, seconds)
    except (av.FFmpegError, ValueError) as error:
        raise VideoError(f"{source} cannot be looped ({error}); convert it to H.264 MP4") from error
    return target


def _copy_packets(source: Path, out: av.container.OutputContainer, seconds: float) -> None:
    stream = None
    shift, round_ticks, rounds = 0, 0, 1
    while rounds > 0:
        with av.open(str(source)) as container:
            pictures = container.streams.video[0]
            stream = stream or out.add_stream_from_template(pictures)
            stamps = []
            for packet in container.demux(pictures):
                if packet.dts is None or packet.pts is None:
                    continue
                stamps.append(packet.pts)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                packet.stream = stream
                out.mux(packet)
            if not round_ticks:
                if len(stamps) < 2:
                    raise VideoError(f"{source} is too short to loop; give it two frames at least")
                step = (max(stamps) - min(stamps)) / (len(stamps) - 1)
                round_ticks = round(step * len(stamps))
                assert pictures.time_base is not None
                rounds = math.ceil(seconds / float(round_ticks * pictures.time_base))
        shift += round_ticks
        rounds -= 1


def _main(video: str, options: str) -> None:
    from monomocap.pipeline import estimate

    take = estimate(video, Options(**json.loads(options)))
    run = _Run(len(take.time_s), len(take.tracks), peak_memory_mb())
    sys.stdout.write(json.dumps(asdict(run)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
