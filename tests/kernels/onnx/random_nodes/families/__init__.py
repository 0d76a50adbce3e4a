"""The draft of each ONNX operator: it draws operands and attributes, and adds the node."""

from collections.abc import Callable, Mapping

from kernels.onnx.registration import lowerings
from tests.kernels.onnx.random_nodes.draft import Draft

Drafting = Callable[[Draft, str], None]

DRAFTS: Mapping[str, Drafting] = lowerings(__name__)
