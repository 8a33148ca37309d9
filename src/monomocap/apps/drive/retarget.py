"""A motion written into somebody's own avatar, a humanoid GLB or VRM, as a glTF animation.

Every bone is turned as the body's bone is turned against a T-pose. The avatar's own rest pose is
first brought to a T-pose: each limb's bone by the smallest turn that makes it point where a T-pose
has it, so that avatars at rest in an A-pose, or with bones of any orientation, move alike. The
hips travel as far as the avatar's legs are long in proportion.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.spatial.transform import Rotation

from monomocap.apps.drive.bones import bones_of
from monomocap.apps.drive.gltf_file import Blob, Nodes, library, read_glb, write_glb
from monomocap.apps.drive.puppet import AvatarPose, global_matrices
from monomocap.errors import InputError
from monomocap.formats.presets import AXES
from monomocap.geometry.rig import RIG, same_sign
from monomocap.geometry.rotation import between

Y_UP = AXES["gltf"]
_TURN = Y_UP.from_world
_POINTS_AT = {
    f"{side}_{a}": f"{side}_{b}"
    for side in ("left", "right")
    for a, b in (("shoulder", "elbow"), ("elbow", "wrist"), ("hip", "knee"), ("knee", "ankle"))
}
"""Bones whose rest direction is brought to a T-pose's; hands go with forearms, feet stay flat."""
_GOES_WITH = {f"{side}_wrist": f"{side}_elbow" for side in ("left", "right")}


@dataclass(frozen=True)
class Retargeted:
    """What was written."""

    path: Path
    frames: int
    seconds: float
    bones: dict[str, str]
    """The rig's joint -> the avatar's node that follows it."""


def retarget(
    poses: Sequence[AvatarPose], avatar: str | Path, output: str | Path, name: str = "monomocap"
) -> Retargeted:
    """Write a copy of the avatar that plays these poses.

    Raises `FormatError` for a file that is no GLB, or has no humanoid bones.
    """
    if not poses:
        raise InputError("there is no pose to write; was the person seen at all?")
    avatar, output = Path(avatar), Path(output)
    model = read_glb(avatar)
    nodes = Nodes(model)
    bones = bones_of(model, nodes.names, nodes.parent)
    time_s = np.array([pose.time_s - poses[0].time_s for pose in poses])
    turns, hips = _animated(poses, nodes, bones)
    _add_animation(model, bones, time_s, turns, hips, name)
    write_glb(model, output)
    named = {joint: nodes.names[node] for joint, node in bones.items()}
    return Retargeted(output, len(poses), float(time_s[-1]), named)


def _animated(
    poses: Sequence[AvatarPose], nodes: Nodes, bones: dict[str, int]
) -> tuple[Float[np.ndarray, "time bone 4"], Float[np.ndarray, "time 3"]]:
    """Local rotations of the avatar's bones, and where its hips are against their parent."""
    facing = _facing(nodes, bones)
    stands = _stands(nodes, bones, facing)
    joint_of = {node: joint for joint, node in bones.items()}
    rest_local = nodes.local_turns()
    world = np.broadcast_to(nodes.turns(), (len(poses), len(nodes.names), 3, 3)).copy()
    turned = np.stack([global_matrices(pose.local_xyzw) for pose in poses])
    turned = facing @ _TURN @ turned @ _TURN.T @ facing.T
    local = np.empty((len(poses), len(bones), 3, 3))
    column = {joint: k for k, joint in enumerate(bones)}
    for node in nodes.order:
        parent = nodes.parent[node]
        above = world[:, parent] if parent >= 0 else np.broadcast_to(np.eye(3), (len(poses), 3, 3))
        joint = joint_of.get(node)
        if joint is None:
            world[:, node] = above @ rest_local[node]
            continue
        world[:, node] = turned[:, RIG.index(joint)] @ stands[joint]
        local[:, column[joint]] = above.swapaxes(-1, -2) @ world[:, node]
    xyzw = Rotation.from_matrix(local.reshape(-1, 3, 3)).as_quat().reshape(*local.shape[:2], 4)
    return same_sign(xyzw), _hips(poses, nodes, bones, facing)


def _facing(nodes: Nodes, bones: dict[str, int]) -> Float[np.ndarray, "3 3"]:
    """Half a turn for avatars that face -z, as those of VRM 0.x do; none for the others."""
    left, right = (nodes.places[bones[f"{side}_hip"]] for side in ("left", "right"))
    return np.eye(3) if left[0] >= right[0] else np.diag([-1.0, 1.0, -1.0])


def _stands(
    nodes: Nodes, bones: dict[str, int], facing: Float[np.ndarray, "3 3"]
) -> dict[str, Float[np.ndarray, "3 3"]]:
    """How each bone is turned, in the scene, when the avatar stands in a T-pose."""
    turns, out = nodes.turns(), {}
    tpose = _tpose_directions()
    for joint, node in bones.items():
        aimed = _GOES_WITH.get(joint, joint)
        end = _POINTS_AT.get(aimed)
        align = np.eye(3)
        if end is not None:
            now = nodes.places[bones[end]] - nodes.places[bones[aimed]]
            align = between(now, facing @ tpose[aimed])
        out[joint] = align @ turns[node]
    return out


def _tpose_directions() -> dict[str, Float[np.ndarray, "3"]]:
    """Where limbs point in a T-pose, glTF's axes."""
    out = {}
    for joint in _POINTS_AT:
        arm = joint.endswith(("shoulder", "elbow"))
        sideways = [1.0, 0, 0] if joint.startswith("left") else [-1.0, 0, 0]
        out[joint] = np.array(sideways if arm else [0, -1.0, 0])
    return out


def _hips(
    poses: Sequence[AvatarPose],
    nodes: Nodes,
    bones: dict[str, int],
    facing: Float[np.ndarray, "3 3"],
) -> Float[np.ndarray, "time 3"]:
    """Translations of the hips' node: the body's way, as long as the avatar's legs allow."""
    node = bones["pelvis"]
    ankles = [nodes.places[bones[f"{side}_ankle"]][1] for side in ("left", "right")]
    offsets = poses[0].rest.positions_m
    own_leg = -float(np.mean([offsets[RIG.index(f"{s}_ankle"), 2] for s in ("left", "right")]))
    size = (nodes.places[node][1] - float(np.mean(ankles))) / own_leg
    root = np.stack([pose.root_m for pose in poses]) - poses[0].rest.standing_m * np.array(
        [0, 0, 1]
    )
    root[:, :2] -= root[0, :2]
    scene = nodes.places[node] + size * Y_UP.points(root) @ facing.T
    parent = nodes.parent[node]
    above = np.linalg.inv(nodes.world[parent]) if parent >= 0 else np.eye(4)
    return scene @ above[:3, :3].T + above[:3, 3]


def _add_animation(
    model: Any,
    bones: dict[str, int],
    time_s: Float[np.ndarray, " time"],
    turns: Float[np.ndarray, "time bone 4"],
    hips: Float[np.ndarray, "time 3"],
    name: str,
) -> None:
    lib = library()
    for node in bones.values():
        _take_matrix_apart(model.nodes[node])
    blob = Blob(model)
    times = blob.add(time_s, "SCALAR", bounds=True)
    animation = lib.Animation(name=name, channels=[], samplers=[])

    def play(values: np.ndarray, kind: str, node: int, path: str) -> None:
        sampler = lib.AnimationSampler(input=times, output=blob.add(values, kind))
        animation.samplers.append(sampler)
        target = lib.AnimationChannelTarget(node=node, path=path)
        number = len(animation.samplers) - 1
        animation.channels.append(lib.AnimationChannel(sampler=number, target=target))

    play(hips, "VEC3", bones["pelvis"], "translation")
    for k, node in enumerate(bones.values()):
        play(turns[:, k], "VEC4", node, "rotation")
    model.animations.append(animation)
    blob.close()


def _take_matrix_apart(node: Any) -> None:
    """An animated node may not have a matrix: translation, rotation and scale instead."""
    if not node.matrix:
        return
    matrix = np.array(node.matrix, float).reshape(4, 4).T
    scale = np.linalg.norm(matrix[:3, :3], axis=0)
    node.translation = matrix[:3, 3].tolist()
    node.rotation = Rotation.from_matrix(matrix[:3, :3] / scale).as_quat().tolist()
    node.scale = scale.tolist()
    node.matrix = None
