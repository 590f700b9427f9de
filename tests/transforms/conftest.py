"""What is transformed here is compared with itself: how well it is compiled makes no difference, only time."""

from quick_compilation import quick_compilation

__all__ = ["quick_compilation"]
