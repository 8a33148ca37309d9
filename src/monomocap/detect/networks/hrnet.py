"""HRNet: heatmaps of joints from an image, with a high resolution kept all the way.

Sun et al., "Deep High-Resolution Representation Learning for Human Pose Estimation", CVPR 2019
(`HRNet`), and Wang et al., "Deep High-Resolution Representation Learning for Visual Recognition",
TPAMI 2020 (`HRNetV2`, whose head sees all resolutions). Parameters carry the published names.

The model `damo/cv_hrnetv2w32_body-2d-keypoints_image` says width 32 in its name and has width 48
in its code: `HRNetV2(width=48)` as coded, `HRNetV2(width=32)` as named.
"""

from functools import reduce

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


def conv_norm(channels_in: int, channels_out: int, kernel: int, stride: int = 1) -> list[nn.Module]:
    """A convolution without bias, padded to keep the size, and its batch norm."""
    return [
        nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(channels_out),
    ]


def conv_norm_relu(channels_in: int, channels_out: int, stride: int = 1) -> nn.Sequential:
    """A 3x3 convolution, its batch norm and a ReLU."""
    return nn.Sequential(*conv_norm(channels_in, channels_out, 3, stride), nn.ReLU())


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions beside a shortcut (He et al., 2016, figure 5).

    (batch, channels_in, y, x) -> (batch, 4 * channels, y, x)
    """

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv_norm(channels_in, channels, 1)
        self.conv2, self.bn2 = conv_norm(channels, channels, 3)
        self.conv3, self.bn3 = conv_norm(channels, 4 * channels, 1)
        self.downsample: nn.Module = nn.Identity()
        if channels_in != 4 * channels:
            self.downsample = nn.Sequential(*conv_norm(channels_in, 4 * channels, 1))

    def forward(
        self, x: Float[Tensor, "batch channels_in y x"]
    ) -> Float[Tensor, "batch channels y x"]:
        y = F.relu(self.bn1(self.conv1(x)))
        y = F.relu(self.bn2(self.conv2(y)))
        return F.relu(self.bn3(self.conv3(y)) + self.downsample(x))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut (He et al., 2016, figure 5).

    (batch, channels, y, x) -> the same
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv_norm(channels, channels, 3)
        self.conv2, self.bn2 = conv_norm(channels, channels, 3)

    def forward(
        self, x: Float[Tensor, "batch channels y x"]
    ) -> Float[Tensor, "batch channels y x"]:
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + x)


class Exchange(nn.Module):
    """Parallel branches, then every resolution gets the sum of all (CVPR paper, section 3).

    Branch b carries `width` * 2^b channels at 1 / 2^b of the first branch's size. With
    `single_scale` only the first resolution is answered.
    """

    def __init__(self, *, width: int, branches: int, single_scale: bool = False) -> None:
        super().__init__()
        channels = [width * 2**branch for branch in range(branches)]
        self.branches = nn.ModuleList(
            nn.Sequential(*(BasicBlock(wide) for _ in range(4))) for wide in channels
        )
        self.fuse_layers = nn.ModuleList(
            nn.ModuleList(_resize(channels, source, target) for source in range(branches))
            for target in range(1 if single_scale else branches)
        )

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        deep = [branch(x) for branch, x in zip(self.branches, features, strict=True)]
        return [F.relu(_fuse(layers, deep)) for layers in self.fuse_layers]


def _fuse(layers: nn.Module, features: list[Tensor]) -> Tensor:
    """The sum of all resolutions, each resized by its layer."""
    resized = (layer(x) for layer, x in zip(layers.children(), features, strict=True))
    return reduce(torch.add, resized)


def _resize(channels: list[int], source: int, target: int) -> nn.Module:
    """From one branch's resolution and channels to another's."""
    if source == target:
        return nn.Identity()
    if source > target:
        shrink = conv_norm(channels[source], channels[target], 1)
        return nn.Sequential(*shrink, nn.Upsample(scale_factor=2.0 ** (source - target)))
    halvings = [
        conv_norm_relu(channels[source], channels[source], 2) for _ in range(target - source - 1)
    ]
    last = nn.Sequential(*conv_norm(channels[source], channels[target], 3, 2))
    return nn.Sequential(*halvings, last)


class HRNetBackbone(nn.Module):
    """Everything before the head.

    (batch, 3, y, x) -> features of `width` * 2^b channels at y / 4 / 2^b, for b = 0..3, or for
    b = 0 alone with `single_scale`. y and x are multiples of 32.
    """

    def __init__(self, *, width: int, single_scale: bool) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv_norm(3, 64, 3, 2)
        self.conv2, self.bn2 = conv_norm(64, 64, 3, 2)
        self.layer1 = nn.Sequential(Bottleneck(64, 64), *(Bottleneck(256, 64) for _ in range(3)))
        self.transition1 = nn.ModuleList(
            [conv_norm_relu(256, width), nn.Sequential(conv_norm_relu(256, 2 * width, 2))]
        )
        self.stage2 = _stage(width=width, branches=2, modules=1)
        self.transition2 = _new_branch(width=width, branches=2)
        self.stage3 = _stage(width=width, branches=3, modules=4)
        self.transition3 = _new_branch(width=width, branches=3)
        self.stage4 = _stage(width=width, branches=4, modules=3, single_scale=single_scale)

    def features(self, image: Float[Tensor, "batch 3 y x"]) -> list[Tensor]:
        """The features of every resolution, highest first."""
        if any(size == 0 or size % 32 for size in image.shape[2:]):
            raise ValueError(f"image sides must be multiples of 32, not {list(image.shape[2:])}")
        x = F.relu(self.bn1(self.conv1(image)))
        x = self.layer1(F.relu(self.bn2(self.conv2(x))))
        branches: list[Tensor] = self.stage2([layer(x) for layer in self.transition1])
        branches = self.stage3(_add_branch(self.transition2, branches))
        highest_first: list[Tensor] = self.stage4(_add_branch(self.transition3, branches))
        return highest_first


def _stage(*, width: int, branches: int, modules: int, single_scale: bool = False) -> nn.Sequential:
    """Exchanges one after the other; only the last may answer at a single scale."""
    last = modules - 1
    return nn.Sequential(
        *(
            Exchange(width=width, branches=branches, single_scale=single_scale and i == last)
            for i in range(modules)
        )
    )


def _new_branch(*, width: int, branches: int) -> nn.ModuleList:
    """The layers that lead into the next stage: nothing for old branches, halving for the new."""
    wide = width * 2 ** (branches - 1)
    halving = nn.Sequential(conv_norm_relu(wide, 2 * wide, 2))
    return nn.ModuleList([*(nn.Identity() for _ in range(branches)), halving])


def _add_branch(transition: nn.ModuleList, features: list[Tensor]) -> list[Tensor]:
    """One resolution more, made from the lowest."""
    return [layer(x) for layer, x in zip(transition, [*features, features[-1]], strict=True)]


class HRNet(HRNetBackbone):
    """Heatmaps from the highest resolution alone (CVPR 2019, section 3): the COCO networks.

    (batch, 3, y, x) -> (batch, joints, y / 4, x / 4)
    """

    def __init__(self, *, width: int = 32, joints: int = 17) -> None:
        super().__init__(width=width, single_scale=True)
        self.final_layer = nn.Conv2d(width, joints, 1)

    def forward(
        self, image: Float[Tensor, "batch 3 y x"]
    ) -> Float[Tensor, "batch joint y_cells x_cells"]:
        heatmaps: Tensor = self.final_layer(self.features(image)[0])
        return heatmaps


class HRNetV2(HRNetBackbone):
    """Heatmaps from all resolutions together (TPAMI 2020, section 3).

    (batch, 3, y, x) -> (batch, joints, y / 4, x / 4)
    """

    def __init__(self, *, width: int = 48, joints: int = 15) -> None:
        super().__init__(width=width, single_scale=False)
        wide = 15 * width  # 1 + 2 + 4 + 8 times the first branch
        self.final_layer = nn.Sequential(
            nn.Conv2d(wide, wide, 1), nn.BatchNorm2d(wide), nn.ReLU(), nn.Conv2d(wide, joints, 1)
        )

    def forward(
        self, image: Float[Tensor, "batch 3 y x"]
    ) -> Float[Tensor, "batch joint y_cells x_cells"]:
        first, *lower = self.features(image)
        size = list(first.shape[2:])
        raised = [F.interpolate(x, size=size, mode="bilinear") for x in lower]
        heatmaps: Tensor = self.final_layer(torch.cat([first, *raised], dim=1))
        return heatmaps
