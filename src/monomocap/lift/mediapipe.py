"""MediaPipe's own 3D ("world landmarks") as a lifter: the peer in every table."""

from monomocap.errors import OptionError
from monomocap.lift.pieces import empty_motion, pieces
from monomocap.skeleton import H36M17, convert, convert_score
from monomocap.types import Camera, Motion3D, Track2D


class MediaPipeWorld:
    """Takes the 3D that the detector found beside its 2D, on Human3.6M's joints."""

    name = "mediapipe"
    skeleton = H36M17
    device = "cpu"

    def __init__(self) -> None:
        self.weights: dict[str, str] = {}
        """None of its own: the 3D comes from the detector's networks."""

    def __call__(self, track: Track2D, camera: Camera) -> Motion3D:
        """Metres from the pelvis; MediaPipe's axes are the camera's already."""
        if track.world_m is None:
            raise OptionError(
                f"lifter mediapipe needs a detector that gives 3D itself (mediapipe), and the "
                f"{track.skeleton.name} track has none; choose another lifter, or that detector"
            )
        xyz_m, confidence = empty_motion(track)
        for piece in pieces(len(track.time_s)):
            pose_m = convert(track.world_m[piece], track.skeleton, H36M17)
            xyz_m[piece] = pose_m - pose_m[:, :1]
            confidence[piece] = convert_score(track.score[piece], track.skeleton, H36M17)
        return Motion3D(track.person, track.time_s, xyz_m, confidence, H36M17, "root", self.name)
