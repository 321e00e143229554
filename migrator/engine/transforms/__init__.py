"""From a source value to a target value: one module per kind of value, one registry of the names a map may
use."""

from migrator.engine.transforms.converted import Converted
from migrator.engine.transforms.registry import REGISTRY, Transform, convert, transforms_for
from migrator.engine.transforms.tools import Tools

__all__ = ["REGISTRY", "Converted", "Tools", "Transform", "convert", "transforms_for"]
