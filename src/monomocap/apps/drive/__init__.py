"""Driving avatars: VMC over UDP, live or from a take; a motion written into any humanoid GLB.

with VmcSender("127.0.0.1:39539") as send:
    drive_live("webcam", send)                      # or drive_take(take, send)
retarget(avatar_poses(take), "avatar.glb", "dancing.glb")
"""

from monomocap.apps.drive.api import Drive as Drive
from monomocap.apps.drive.api import avatar_poses as avatar_poses
from monomocap.apps.drive.api import drive_live as drive_live
from monomocap.apps.drive.api import drive_take as drive_take
from monomocap.apps.drive.preview import Preview as Preview
from monomocap.apps.drive.puppet import AvatarPose as AvatarPose
from monomocap.apps.drive.puppet import Puppet as Puppet
from monomocap.apps.drive.puppet import joints_m as joints_m
from monomocap.apps.drive.retarget import Retargeted as Retargeted
from monomocap.apps.drive.retarget import retarget as retarget
from monomocap.apps.drive.vmc import VmcSender as VmcSender
