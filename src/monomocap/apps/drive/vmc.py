"""VMC: an avatar's pose as one OSC bundle over UDP, as VSeeFace, VMagicMirror, Unity and Unreal's
VMC4UE take it.

Source: the Virtual Motion Capture Protocol, performer to marionette: `/VMC/Ext/OK`, `/VMC/Ext/T`,
`/VMC/Ext/Root/Pos`, and `/VMC/Ext/Bone/Pos` with a name of Unity's HumanBodyBones, local position
and local rotation (x, y, z, w) in Unity's axes: left-handed, Y up, metres, ahead is +z.
"""

import socket
from typing import Any

import numpy as np

from monomocap.apps.drive.puppet import AvatarPose
from monomocap.errors import MissingDependency, OptionError, OutputError
from monomocap.formats.presets import AXES, NAMES
from monomocap.geometry.rig import ENDS, RIG

PORT = 39539
UNITY = AXES["unity"]
BONES: dict[str, int] = {
    NAMES["unity"][joint]: number for number, joint in enumerate(RIG.joints) if joint not in ENDS
}
"""Name in HumanBodyBones -> the rig's joint."""
REQUIRED = (
    "Hips", "Spine", "Head",
    *(f"{side}{bone}" for side in ("Left", "Right")
      for bone in ("UpperArm", "LowerArm", "Hand", "UpperLeg", "LowerLeg", "Foot")),
)  # fmt: skip
"""The fifteen that every VRM avatar has."""


def bundle(pose: AvatarPose, time_s: float) -> bytes:
    """One frame's OSC bundle."""
    builders, IMMEDIATELY = _osc()
    out = builders[0].OscBundleBuilder(IMMEDIATELY)

    def add(address: str, *values: float | str) -> None:
        message = builders[1].OscMessageBuilder(address)
        for value in values:
            message.add_arg(value)
        out.add_content(message.build())

    add("/VMC/Ext/OK", 1)
    add("/VMC/Ext/T", float(time_s))
    add("/VMC/Ext/Root/Pos", "root", 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    offsets = UNITY.points(pose.rest.offsets_m)
    offsets[0] = UNITY.points(pose.root_m)
    turns = UNITY.rotations(pose.local_xyzw)
    for name, joint in BONES.items():
        numbers = np.concatenate([offsets[joint], turns[joint]]).tolist()
        add("/VMC/Ext/Bone/Pos", name, *numbers)
    return bytes(out.build().dgram)


class VmcSender:
    """Sends to one address, "host:port" or "host"; closes its socket when its block ends."""

    def __init__(self, address: str = f"127.0.0.1:{PORT}") -> None:
        """Raises `OptionError` for an address that is none, `MissingDependency` without OSC."""
        _osc()
        self._to = parsed(address)
        self._socket = socket.socket(self._to[0], socket.SOCK_DGRAM)
        self.sent = 0

    def __enter__(self) -> "VmcSender":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def __call__(self, pose: AvatarPose, time_s: float) -> None:
        """Send one frame; `time_s` counts from the first one."""
        try:
            self._socket.sendto(bundle(pose, time_s), self._to[1])
        except ConnectionRefusedError:
            return  # nobody listens yet: UDP does not mind
        except OSError as error:
            raise OutputError(f"cannot send to {self._to[1]}: {error.strerror}") from error
        self.sent += 1


def parsed(address: str) -> tuple[socket.AddressFamily, Any]:
    """Family and socket address of "host:port", "host" or "[ipv6]:port"."""
    host, colon, port = address.rpartition(":") if address[-1:] != "]" else (address, "", "")
    if not colon:
        host, port = address, str(PORT)
    try:
        number = int(port)
        if not 0 < number < 65536:
            raise ValueError(port)
        found = socket.getaddrinfo(host.strip("[]") or "127.0.0.1", number, type=socket.SOCK_DGRAM)
    except (ValueError, OSError) as error:
        raise OptionError(
            f"{address!r} is no address; give host:port, as 127.0.0.1:{PORT}"
        ) from error
    return found[0][0], found[0][4]


def _osc() -> tuple[tuple[Any, Any], int]:
    try:
        from pythonosc import osc_bundle_builder, osc_message_builder
    except ImportError as error:
        raise MissingDependency(
            "driving an avatar needs python-osc, which is not installed; "
            'run: pip install "monomocap[drive]"'
        ) from error
    return (osc_bundle_builder, osc_message_builder), int(osc_bundle_builder.IMMEDIATELY)
