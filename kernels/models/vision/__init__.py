"""Image classifiers with random weights, in the layout of MobileNetV2 and of ResNet-18.

They cost what the trained networks cost, and need no download.
"""

from kernels.models.vision.images import images
from kernels.models.vision.mobilenet import mobilenet
from kernels.models.vision.resnet import resnet

NETWORKS = {"mobilenet": mobilenet, "resnet": resnet}

__all__ = ["NETWORKS", "images", "mobilenet", "resnet"]
