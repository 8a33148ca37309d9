"""Times that strictly increase, whatever a container says."""


class Clock:
    """Times that strictly increase, from stamps that may be missing, repeated or start over."""

    def __init__(self, start_s: float, step_s: float) -> None:
        self._step_s = step_s
        self._shift_s = 0.0
        self._next_s = start_s
        """Where a frame without a stamp belongs."""
        self._last_s: float | None = None

    def __call__(self, stamp_s: float | None) -> float:
        """The time of the next frame, in seconds."""
        time_s = self._next_s if stamp_s is None else stamp_s + self._shift_s
        if self._last_s is not None and time_s <= self._last_s:
            if self._last_s - time_s > max(1.0, 5 * self._step_s):  # the stamps started over
                self._shift_s += self._next_s - time_s
                time_s = self._next_s
            else:
                time_s = self._last_s + self._step_s / 10
        self._last_s = time_s
        self._next_s = time_s + self._step_s
        return time_s
