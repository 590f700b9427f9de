"""`Timeline`: times that rise, made of a film's timestamps."""

from fractions import Fraction


class Timeline:
    """Seconds since the first frame, from timestamps that may be missing or jump back."""

    def __init__(self, rate: Fraction) -> None:
        """Start before the first frame.

        Args:
          rate: frames a second, to count by where there are no timestamps.
        """
        self._step = float(1 / rate)
        self._origin = 0.0
        self._last: float | None = None
        self._missing = self._back = 0
        self._back_at = 0

    def at(self, number: int, stamp: float | None) -> float:
        """The next frame's time.

        Args:
          number: of the frame, for the notes.
          stamp: seconds by the film's clock; None where it has none.
        """
        if self._last is None:
            self._origin = stamp or 0.0
            self._missing += stamp is None
            self._last = 0.0
            return 0.0
        counted = self._last + self._step
        if stamp is None:
            self._missing += 1
            time = counted
        else:
            time = stamp - self._origin
            if time <= self._last:
                self._back_at = self._back_at or number
                self._back += 1
                self._origin, time = stamp - counted, counted
        self._last = time
        return time

    @property
    def notes(self) -> tuple[str, ...]:
        """What was mended."""
        rate = f"{1 / self._step:.4g} frames a second"
        missing = f"{self._missing} frames have no timestamp; their times are counted at {rate}"
        back = f"timestamps do not rise at frame {self._back_at}, {self._back} times in all; counted on at {rate}"
        return ((missing,) if self._missing else ()) + ((back,) if self._back else ())
