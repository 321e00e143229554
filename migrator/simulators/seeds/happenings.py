"""What happened to a profile: its events over some years, made on demand, never two at one second.

Times come first and cheaply, types after them; the data of an event is made only for those that are asked
for. Events past the years for which their type is kept are gone (reference 6.4).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from migrator.simulators.seeds.event_data import DataMaker, Ground, maker_of
from migrator.simulators.seeds.people import Person
from migrator.simulators.seeds.shape import EventType
from migrator.simulators.seeds.streams import Draw
from migrator.simulators.seeds.times import DAY, NOW
from migrator.simulators.seeds.traps import Trap

HEAVY_EVENTS = 5_240
_USUAL = 7.9
EVER = (0, NOW + 1)
_CODES = 1 << 40


@dataclass(frozen=True, slots=True)
class Rung:
    """One type of event in one Section, ready to be used a million times. Older ones than `since` are gone."""

    type: EventType
    section: str
    discriminator: str
    version_id: str
    data: DataMaker
    since: int


class Happening(NamedTuple):
    """One event before its data is made: `code` decides the data."""

    time: int
    rung: Rung
    code: int


Ladder = tuple[Rung, ...]


class Happenings:
    """The events of one account's profiles: `days` back from the end of the history.

    `average` is how many events a profile shall have, the heavy one left aside; some eight where it is None.
    """

    def __init__(self, grounds: Sequence[Ground], days: int, average: float | None = None) -> None:
        self._span = days * DAY
        self._ladders = [self._ladder(ground) for ground in grounds]
        self._pages = [next(rung for rung in ladder if rung.type.kind == "page") for ladder in self._ladders]
        kept = [self._kept(ladder) for ladder in self._ladders]
        self._heavy = int(HEAVY_EVENTS / min(kept)) if min(kept) < 1.0 else HEAVY_EVENTS
        if average is None and min(kept) == 1.0:
            self._scale = 1.0
        else:
            self._scale = scale_for((_USUAL if average is None else average) * len(kept) / _total(kept))

    def of(
        self,
        trap: Trap,
        ordinal: int,
        person: Callable[[], Person],
        draw: Draw,
        *,
        heavy: bool = False,
        window: tuple[int, int] = EVER,
    ) -> list[Happening]:
        """The events from the window's start to before its end, oldest first.

        `person` is asked only where something happened in the window, which keeps exports by week cheap.
        """
        total = self._heavy + int(draw() * 60) if heavy else self._how_many(trap, ordinal, draw())
        span = self._span
        rolls = [draw() for _ in range(total)]
        ages = sorted([int(span * (roll * (0.35 + 0.65 * roll))) for roll in rolls])
        times = _spread(ages)
        # The times fall from first to last.
        first = bisect_right(times, -window[1], key=int.__neg__)
        last = bisect_right(times, -window[0], key=int.__neg__)
        if first >= last:
            return []
        for _ in range(2 * first):
            draw()
        found = self._typed(person(), times[first:last], draw)
        found.reverse()
        return found

    def _typed(self, person: Person, times: list[int], draw: Draw) -> list[Happening]:
        home = self._ladders[person.home]
        found: list[Happening] = []
        if person.second is None and person.trap is not Trap.COOKIE:
            size = len(home)
            for time in times:
                rung = home[int(draw() * size)]
                code = int(draw() * _CODES)
                if time >= rung.since:
                    found.append(Happening(time, rung, code))
            return found
        for time in times:
            happening = Happening(time, self._rung(person, draw()), int(draw() * _CODES))
            if time >= happening.rung.since:
                found.append(happening)
        return found

    def _rung(self, person: Person, roll: float) -> Rung:
        """A fifth of what somebody in two Sections does happens in the second."""
        place = person.home
        if person.second is not None:
            roll *= 5
            place = person.second if roll < 1 else person.home
            roll = roll % 1
        if person.trap is Trap.COOKIE:
            return self._pages[place]
        ladder = self._ladders[place]
        return ladder[int(roll * len(ladder))]

    def _ladder(self, ground: Ground) -> Ladder:
        """Each type as often as its weight, so that one draw finds it."""
        rungs = [self._made(event, ground) for event in ground.section.events]
        return tuple(rung for rung in rungs for _ in range(int(rung.type.weight)))

    def _made(self, event: EventType, ground: Ground) -> Rung:
        kept = event.years * 365 * DAY
        since = NOW - kept if kept < self._span else 0
        maker = maker_of(event.kind, ground)
        return Rung(event, event.section, event.discriminator, event.live.id, maker, since)

    def _kept(self, ladder: Ladder) -> float:
        """The share of a Section's events that are not too old."""
        ages = [int(self._span * (roll * (0.35 + 0.65 * roll))) for roll in _GRID]
        kept = [bisect_left(ages, NOW - rung.since) if rung.since else len(ages) for rung in ladder]
        return sum(kept) / (len(ages) * len(ladder))

    def _how_many(self, trap: Trap, ordinal: int, roll: float) -> int:
        if trap is Trap.NO_EMAIL and ordinal in (6, 7):
            return 0
        if trap in _FEW:
            return 1 + int(roll * 5)
        return _count(roll, self._scale)


_FEW = (Trap.COOKIE, Trap.NAMELESS)
_GRID = tuple(step / 1_000 for step in range(1_000))


def scale_for(average: float) -> float:
    """The factor by which every profile has more or fewer events, so that they have as many on average."""
    low, high = 0.0, 1_000.0
    for _ in range(40):
        middle = (low + high) / 2
        counted = sum(_count(roll, middle) for roll in _GRID)
        low, high = (middle, high) if counted < average * len(_GRID) else (low, middle)
    return high


def _count(roll: float, scale: float) -> int:
    """Most have few, one in a hundred has a lot."""
    if roll > 0.99:
        return int(scale * (60 + int((roll - 0.99) * 100 * 240)))
    return int(scale * 37 * roll * roll * roll * roll)


def _spread(ages: list[int]) -> list[int]:
    """Times from the latest to the earliest, each second once."""
    times: list[int] = []
    last = NOW
    for age in ages:
        time = NOW - age
        last = time if time < last else last - 1
        times.append(last)
    return times


def _total(shares: Sequence[float]) -> float:
    # The built-in sum rounds differently from Python 3.12 on.
    total = 0.0
    for share in shares:
        total += share
    return total
