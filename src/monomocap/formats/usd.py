"""USD with UsdSkel: everybody in one file, each a skinned body with true times.

Source: Pixar, UsdSkel's documentation. Up axis and unit are the program's (Z up and metres unless
one is named), and stand in the file. USD is right-handed: programs that are not mirror it as they
read. A person is invisible while nobody saw them, and holds the last pose.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from monomocap.formats.body_mesh import COLOURS, Mesh, body
from monomocap.formats.files import reading, whole_or_nothing
from monomocap.formats.format import Format
from monomocap.formats.presets import AXES, Axes, names_of
from monomocap.formats.rigged import from_start, held, rigged_people, take_of
from monomocap.formats.style import Style
from monomocap.formats.usd_read import FIRST_FRAME, HEAD_SHARE, MAKER, PEOPLE, PERSON, read_people
from monomocap.geometry.rig import RIG, Rest, Rigged
from monomocap.types import Take


@dataclass(frozen=True)
class Usd(Format):
    """Skinned, animated people; .usda is text, .usd and .usdc are binary."""

    style: Style = Style()
    about = "USD (UsdSkel)"
    needs = ("pxr", "usd")

    def styled(self, style: Style) -> "Usd":
        """The same format in another style."""
        return Usd(style)

    def read(self, path: Path) -> Take:
        """Where the joints are, of files that `write` wrote; who is invisible is a gap again.

        Raises `FormatError` for a stage of any other program.
        """
        with reading(path):
            return take_of(str(path), read_people(path))

    def write(self, take: Take, path: Path) -> None:
        """Write everybody; nobody gives an empty stage."""
        from pxr import Usd as usd

        people = rigged_people(take, self.style.rest_pose)
        with whole_or_nothing(path) as temporary:
            stage = usd.Stage.CreateNew(str(temporary))
            _fill(stage, take, people, self.style)
            stage.GetRootLayer().Save()


def axes_in(style: Style) -> Axes:
    """Right-handed axes with the program's up and unit."""
    wanted = style.axes("world")
    same = [axes for axes in AXES.values() if axes.right_handed and axes.up == wanted.up]
    plain = "gltf" if wanted.up == "y" else "world"
    base = wanted if wanted.right_handed else next(axes for axes in same if axes.name == plain)
    return Axes(base.name, base.ahead, base.up, base.left, wanted.per_metre)


def joint_paths(names: str) -> list[str]:
    """UsdSkel's name of a joint: the way to it from the root, in characters that USD allows."""
    called = names_of(names)
    paths: list[str] = []
    for number, joint in enumerate(RIG.joints):
        name = re.sub(r"\W", "_", called[joint])
        parent = RIG.parents[number]
        paths.append(name if parent < 0 else f"{paths[parent]}/{name}")
    return paths


def _fill(stage: Any, take: Take, people: list[Rigged], style: Style) -> None:
    from pxr import UsdGeom

    axes = axes_in(style)
    up = UsdGeom.Tokens.y if axes.up == "y" else UsdGeom.Tokens.z
    UsdGeom.SetStageUpAxis(stage, up)
    UsdGeom.SetStageMetersPerUnit(stage, 1 / axes.per_metre)
    stage.SetTimeCodesPerSecond(take.info.fps)
    stage.SetFramesPerSecond(take.info.fps)
    stage.SetStartTimeCode(0.0)
    if len(take.time_s):
        stage.SetEndTimeCode(float(take.time_s[-1] - take.time_s[0]) * take.info.fps)
    root = UsdGeom.Xform.Define(stage, PEOPLE)
    stage.SetDefaultPrim(root.GetPrim())
    first_s = float(take.time_s[0]) if len(take.time_s) else 0.0
    root.GetPrim().SetCustomDataByKey(MAKER, {FIRST_FRAME: first_s})
    for rigged in people:
        _add_person(stage, rigged, take.info.fps, axes, style)


def _add_person(stage: Any, rigged: Rigged, fps: float, axes: Axes, style: Style) -> None:
    from pxr import UsdSkel

    at = f"{PEOPLE}/person_{rigged.person}"
    root = UsdSkel.Root.Define(stage, at)
    told = {PERSON: rigged.person, HEAD_SHARE: rigged.rest.head_share}
    root.GetPrim().SetCustomDataByKey(MAKER, told)
    _add_visibility(root, rigged, fps)
    skeleton = UsdSkel.Skeleton.Define(stage, f"{at}/skeleton")
    _add_rest(skeleton, rigged.rest, axes, style)
    _add_animation(stage, f"{at}/motion", rigged, fps, axes, style)
    binding = UsdSkel.BindingAPI.Apply(skeleton.GetPrim())
    binding.CreateAnimationSourceRel().SetTargets([f"{at}/motion"])
    for colour, mesh in body(rigged.rest).items():
        _add_mesh(stage, f"{at}/{colour}", mesh, colour, rigged.rest, axes, f"{at}/skeleton")


def _add_visibility(root: Any, rigged: Rigged, fps: float) -> None:
    from pxr import UsdGeom

    if rigged.seen.all():
        return
    visible = UsdGeom.Imageable(root).CreateVisibilityAttr()
    changes = np.flatnonzero(np.diff(rigged.seen.astype(int), prepend=-1))
    for frame in changes:
        word = UsdGeom.Tokens.inherited if rigged.seen[frame] else UsdGeom.Tokens.invisible
        visible.Set(word, float(from_start(rigged)[frame]) * fps)


def _add_rest(skeleton: Any, rest: Rest, axes: Axes, style: Style) -> None:
    offsets = rest.offsets_m.copy()
    offsets[0] = [0.0, 0.0, rest.standing_m]
    skeleton.CreateJointsAttr(joint_paths(style.names))
    skeleton.CreateRestTransformsAttr(_shifts(axes.points(offsets)))
    skeleton.CreateBindTransformsAttr(_shifts(axes.points(_standing(rest))))


def _standing(rest: Rest) -> np.ndarray:
    return rest.positions_m + np.array([0.0, 0.0, rest.standing_m])


def _shifts(points: np.ndarray) -> Any:
    """Matrices that move the origin to each point (USD writes them for rows)."""
    from pxr import Gf, Vt

    return Vt.Matrix4dArray([Gf.Matrix4d(1).SetTranslate(Gf.Vec3d(*p)) for p in points.tolist()])


def _add_animation(
    stage: Any, at: str, rigged: Rigged, fps: float, axes: Axes, style: Style
) -> None:
    from pxr import UsdSkel, Vt

    animation = UsdSkel.Animation.Define(stage, at)
    animation.CreateJointsAttr(joint_paths(style.names))
    still = held(rigged)
    offsets = axes.points(still.rest.offsets_m)
    turns = axes.rotations(still.local_xyzw)[..., [3, 0, 1, 2]]  # w leads
    places, roots = animation.CreateTranslationsAttr(), axes.points(still.root_m)
    rotations = animation.CreateRotationsAttr()
    animation.CreateScalesAttr(Vt.Vec3hArray.FromNumpy(np.ones((len(RIG), 3), np.float16)))
    for frame, time_s in enumerate(from_start(still).tolist()):
        offsets[0] = roots[frame]
        places.Set(Vt.Vec3fArray.FromNumpy(offsets.astype(np.float32)), time_s * fps)
        rotations.Set(_quaternions(turns[frame]), time_s * fps)


def _quaternions(wxyz: np.ndarray) -> Any:
    from pxr import Gf, Vt

    return Vt.QuatfArray([Gf.Quatf(*row) for row in wxyz.tolist()])


def _add_mesh(
    stage: Any, at: str, mesh: Mesh, colour: str, rest: Rest, axes: Axes, skeleton: str
) -> None:
    from pxr import Gf, UsdGeom, UsdSkel, Vt

    shown = UsdGeom.Mesh.Define(stage, at)
    lift = np.array([0.0, 0.0, rest.standing_m])
    points = axes.points(mesh.points_m + lift).astype(np.float32)
    normals = axes.points(mesh.normals) / axes.per_metre
    shown.CreatePointsAttr(Vt.Vec3fArray.FromNumpy(points))
    shown.CreateNormalsAttr(Vt.Vec3fArray.FromNumpy(normals.astype(np.float32)))
    shown.SetNormalsInterpolation(UsdGeom.Tokens.vertex)
    shown.CreateFaceVertexCountsAttr([3] * len(mesh.triangles))
    shown.CreateFaceVertexIndicesAttr(mesh.triangles.ravel().tolist())
    shown.CreateSubdivisionSchemeAttr(UsdGeom.Tokens.none)
    shown.CreateDisplayColorAttr([Gf.Vec3f(*COLOURS[colour])])
    shown.CreateExtentAttr(UsdGeom.PointBased.ComputeExtent(shown.GetPointsAttr().Get()))
    binding = UsdSkel.BindingAPI.Apply(shown.GetPrim())
    binding.CreateSkeletonRel().SetTargets([skeleton])
    binding.CreateJointIndicesPrimvar(False, 1).Set(mesh.joint.tolist())
    binding.CreateJointWeightsPrimvar(False, 1).Set([1.0] * len(mesh.joint))
    binding.CreateGeomBindTransformAttr(Gf.Matrix4d(1))
