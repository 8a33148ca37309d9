"""Look at a BVH or GLB file in Blender, without a window: import it, render one frame.

    monomocap convert take.npz walk.glb
    blender --background --python examples/blender_look.py -- walk.glb walk.png 0.5

The third word is which moment of the motion to show, 0 for its beginning and 1 for its end. A BVH
for Blender wants `--for blender`, which writes metres. The pole is one metre high, the red arrow is
X, the green one Y, and the tiles are 50 cm. Prints the height of the figure and which way it faces.
On Debian: apt install blender python3-numpy.
"""

import builtins
import math
import sys
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector


def main(source: Path, picture: Path, moment: float) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    imported(source)
    armatures = [thing for thing in bpy.context.scene.objects if thing.type == "ARMATURE"]
    first, last = span(armatures)
    bpy.context.scene.frame_set(round(first + moment * (last - first)))
    for armature in armatures:
        tell(armature)
        if source.suffix.lower() == ".bvh":
            clothe(armature)
    furnish(middle(armatures))
    render(picture, middle(armatures))


def imported(source: Path) -> None:
    with debian_12():
        if source.suffix.lower() == ".bvh":
            bpy.ops.import_anim.bvh(filepath=str(source), update_scene_fps=True)
        else:
            bpy.ops.import_scene.gltf(filepath=str(source))


@contextmanager
def debian_12():
    """Debian 12's Blender 3.4 is older than its Python 3.11 and its numpy: its BVH importer opens
    files with the mode "rU", its glTF importer says np.bool. Other Blenders do not mind."""
    real = builtins.open
    builtins.open = lambda path, mode="r", *rest, **named: real(
        path, mode.replace("U", ""), *rest, **named
    )
    np.bool = bool
    try:
        yield
    finally:
        builtins.open = real


def span(armatures: list) -> tuple[float, float]:
    """First and last key of all people."""
    actions = [armature.animation_data.action for armature in armatures]
    ranges = [action.frame_range for action in actions]
    return min(r[0] for r in ranges), max(r[1] for r in ranges)


def middle(armatures: list) -> Vector:
    """Where the first person's first bone is."""
    first = min(armatures, key=lambda armature: armature.name)
    return first.matrix_world @ first.pose.bones[0].head


def tell(armature) -> None:
    """Print what a person can check: how high, and which way."""
    heads = [armature.matrix_world @ bone.head for bone in armature.pose.bones]
    tails = [armature.matrix_world @ bone.tail for bone in armature.pose.bones]
    heights = [point.z for point in heads + tails]
    print(f"{armature.name}: from {min(heights):.2f} m to {max(heights):.2f} m")  # noqa: T201
    hips = {bone.name: armature.matrix_world @ bone.head for bone in armature.pose.bones}
    if "left_hip" in hips and "right_hip" in hips:
        left = hips["left_hip"] - hips["right_hip"]
        ahead = left.cross(Vector((0, 0, 1))).normalized()
        print(f"{armature.name}: faces ({ahead.x:.2f}, {ahead.y:.2f})")  # noqa: T201


def clothe(armature) -> None:
    """A BVH is bones only, and bones are not rendered: put a cone around each."""
    colours = {"left": (0.9, 0.22, 0.02), "right": (0.03, 0.2, 0.75)}
    materials = {side: material(side, rgb) for side, rgb in colours.items()}
    middle = material("middle", (0.5, 0.5, 0.5))
    for bone in armature.pose.bones:
        head, tail = armature.matrix_world @ bone.head, armature.matrix_world @ bone.tail
        if (tail - head).length > 1e-4:
            cone(head, tail, materials.get(bone.name.split("_")[0], middle))


def cone(head: Vector, tail: Vector, paint) -> None:
    along = tail - head
    bpy.ops.mesh.primitive_cone_add(
        radius1=0.045,
        radius2=0.02,
        depth=along.length,
        location=(head + tail) / 2,
        rotation=along.to_track_quat("Z", "Y").to_euler(),
    )
    bpy.context.object.data.materials.append(paint)


def furnish(beside: Vector) -> None:
    """A floor of tiles, a pole of one metre with arrows along X and Y at its foot, a sun."""
    x, y = beside.x - 0.9, beside.y
    bpy.ops.mesh.primitive_plane_add(size=12, location=(round(beside.x), round(beside.y), 0))
    bpy.context.object.data.materials.append(tiles())
    bpy.ops.mesh.primitive_cylinder_add(radius=0.015, depth=1.0, location=(x, y, 0.5))
    bpy.context.object.data.materials.append(material("pole", (0.9, 0.8, 0.1)))
    red, green = material("X", (0.8, 0.05, 0.05)), material("Y", (0.05, 0.6, 0.05))
    cone(Vector((x, y, 0.02)), Vector((x + 0.6, y, 0.02)), red)
    cone(Vector((x, y, 0.02)), Vector((x, y + 0.6, 0.02)), green)
    bpy.ops.object.light_add(type="SUN", rotation=(0.6, 0.3, 0.5))
    bpy.context.object.data.energy = 2
    world = bpy.data.worlds.new("sky")
    world.color = (0.5, 0.55, 0.6)
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs[0].default_value = (0.35, 0.4, 0.45, 1)
    bpy.context.scene.world = world


def material(name: str, rgb: tuple[float, float, float]):
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    made.node_tree.nodes["Principled BSDF"].inputs["Base Color"].default_value = (*rgb, 1)
    return made


def tiles():
    made = material("tiles", (0.5, 0.5, 0.5))
    nodes = made.node_tree.nodes
    checker = nodes.new("ShaderNodeTexChecker")
    checker.inputs["Scale"].default_value = 24
    checker.inputs["Color1"].default_value = (0.3, 0.3, 0.3, 1)
    checker.inputs["Color2"].default_value = (0.2, 0.2, 0.2, 1)
    shader = nodes["Principled BSDF"]
    made.node_tree.links.new(checker.outputs["Color"], shader.inputs["Base Color"])
    return made


def render(picture: Path, target: Vector) -> None:
    """From the front and a little from the side: Blender's front view looks along +Y."""
    scene = bpy.context.scene
    place = Vector((target.x + 1.8, target.y - 3.6, 1.5))
    bpy.ops.object.camera_add(location=place)
    camera = bpy.context.object
    look = Vector((target.x, target.y, 0.85)) - place
    camera.rotation_euler = look.to_track_quat("-Z", "Y").to_euler()
    camera.data.angle = math.radians(40)
    scene.camera = camera
    scene.render.engine = "CYCLES"  # renders on the processor, without a screen
    scene.cycles.samples = 12
    scene.cycles.use_denoising = False
    scene.render.resolution_x, scene.render.resolution_y = 480, 480
    scene.render.filepath = str(picture.resolve())
    bpy.ops.render.render(write_still=True)


if __name__ == "__main__":
    words = sys.argv[sys.argv.index("--") + 1 :]
    main(Path(words[0]), Path(words[1]), float(words[2]) if len(words) > 2 else 0.5)
