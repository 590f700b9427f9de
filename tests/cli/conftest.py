"""Programs and their files: how well trackers are compiled makes no difference here, only time."""

from quick_compilation import quick_compilation

__all__ = ["quick_compilation"]
