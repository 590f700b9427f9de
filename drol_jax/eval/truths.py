"""What is to be said of the groundtruths that results are scored by: of another length than known, or no boxes."""

import numpy as np

from drol_jax import datasets

_SHOWN = 3


class Truths:
    """The groundtruths of a dataset, as they are opened."""

    def __init__(self, dataset: str, *, boxes: bool):
        """Know nothing yet.

        Args:
          dataset: its canonical name.
          boxes: results are scored as boxes, whatever the groundtruth is.
        """
        self._name, known = datasets.title(dataset), datasets.known(dataset)
        self._lengths = {row.name: row.length for row in known.rows} if known is not None else {}
        self._boxes = boxes
        self._other: list[str] = []
        self._bounded: dict[str, list[str]] = {}
        self._gaps: list[str] = []
        self._whole = boxes and (known is None or known.measures == "overlap")

    def see(self, sequence: datasets.Sequence) -> None:
        """Note what is to be said of a sequence."""
        known = self._lengths.get(sequence.name)
        if known not in (None, len(sequence)):
            self._other.append(f"{sequence.name} {len(sequence)}, known {known}")
        unknown = int(np.isnan(sequence.boxes).any(1).sum())
        if self._whole and 2 * unknown > len(sequence):
            self._gaps.append(f"{sequence.name} {unknown} of {len(sequence)}")
        if self._boxes and sequence.shapes is not None:
            self._bounded.setdefault("masks, or polygons of many corners", []).append(sequence.name)
        elif self._boxes and sequence.polygons is not None:
            self._bounded.setdefault("polygons", []).append(sequence.name)

    @property
    def notes(self) -> tuple[str, ...]:
        """A line for each thing."""
        other = [f"note: groundtruth of other lengths than {self._name} has: {_some(self._other)} frames"]
        bounded = [f"note: the groundtruth is {what}, scored by their boxes: {_some(names)}"
                   for what, names in self._bounded.items()]  # fmt: skip
        gaps = ["note: more than half of the frames have no groundtruth, and count as the first line says: "
                f"{_some(self._gaps)}; where not every frame is annotated, give the images that are"]  # fmt: skip
        return (*(other if self._other else ()), *bounded, *(gaps if self._gaps else ()))


def _some(words: list[str]) -> str:
    more = len(words) - _SHOWN
    return ", ".join(words[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
