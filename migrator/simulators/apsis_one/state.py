"""One account while the server runs: settings, world, limiter, export jobs, clock and token generation."""

from collections import Counter
from collections.abc import Callable
from threading import RLock

from migrator.simulators.apsis_one.export_jobs import ExportJobs
from migrator.simulators.apsis_one.limits import Limiter
from migrator.simulators.apsis_one.settings import ApsisSettings
from migrator.simulators.apsis_one.world import World
from migrator.simulators.seeds import Account


class ApsisState:
    """Everything that changes. Handlers read it; the control address changes it."""

    def __init__(self, account: Account, settings: ApsisSettings, clock: Callable[[], float]) -> None:
        self.account = account
        self.settings = settings
        self.world = World(account.source)
        self.limiter = Limiter(off=settings.limits_off, time_scale=settings.time_scale)
        self.jobs = ExportJobs(settings)
        self.lock = RLock()
        self.token_generation = 0
        self.clock_offset = 0.0
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self._clock = clock

    def now(self) -> float:
        """Unix seconds, as moved by the control address."""
        return self._clock() + self.clock_offset

    def expire_tokens(self) -> None:
        """Every token handed out so far is over."""
        self.token_generation += 1

    def reset(self) -> None:
        """Back to the first request: people, limits, exports, counts and clock."""
        self.world.reset()
        self.limiter.clear()
        self.jobs.clear()
        self.requests.clear()
        self.statuses.clear()
        self.clock_offset = 0.0
