"""Products and convolutions in tiles: an invocation computes many elements from few loads.

Shapes come from a constant of integers, so that layers of one kind share a source.
"""

from kernels.onnx.tolerant.tiling.convolution import tiled_convolution
from kernels.onnx.tolerant.tiling.depthwise import tiled_depthwise
from kernels.onnx.tolerant.tiling.product import tiled_product
from kernels.onnx.tolerant.tiling.window import Window

__all__ = ["Window", "tiled_convolution", "tiled_depthwise", "tiled_product"]
