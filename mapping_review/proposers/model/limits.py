"""How a language model is reached and what it may cost: the operator's settings, and the check before each request."""

from dataclasses import dataclass

OPENAI, ANTHROPIC = "openai", "anthropic"
PROVIDERS = (OPENAI, ANTHROPIC)
PROVIDER_NAMES = {OPENAI: "OpenAI-compatible", ANTHROPIC: "Anthropic"}
MICRO = 1_000_000
# JSON has some four bytes to a token; three are a safe guess where the endpoint does not tell.
_BYTES_PER_TOKEN = 3


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """`price_in` and `price_out` are per million tokens; a price of 0 is unknown. `calls`, `tokens`, `money_micros`
    and `seconds` cap one discovery; money 0 means no cap. `reasoning` speaks to models that think before they answer
    and take no temperature. The key is not part of it."""

    provider: str
    url: str
    model: str
    price_in: float = 0.0
    price_out: float = 0.0
    currency: str = "EUR"
    calls: int = 20
    tokens: int = 150_000
    money_micros: int = 0
    seconds: float = 120.0
    timeout: float = 30.0
    reasoning: bool = False

    def cost_micros(self, tokens_in: int, tokens_out: int) -> int:
        return round(tokens_in * self.price_in + tokens_out * self.price_out)


# What a page shows where nothing is configured: the requests have a form but nobody to go to.
NOBODY = ModelSettings(OPENAI, "", "no-model-configured")


@dataclass(frozen=True, slots=True)
class Spent:
    """What the requests of one discovery came to so far."""

    calls: int = 0
    tokens: int = 0
    money_micros: int = 0
    seconds: float = 0.0


def tokens_in(body: bytes) -> int:
    """How many tokens a request has at most, as far as its size tells."""
    return len(body) // _BYTES_PER_TOKEN + 1


def why_not(settings: ModelSettings, spent: Spent, *, tokens_in: int, tokens_out: int) -> str:
    """The limit that one more request could pass, as a sentence; "" where it may be sent."""
    money = spent.money_micros + settings.cost_micros(tokens_in, tokens_out)
    passed = {
        f"{settings.calls} requests": spent.calls + 1 > settings.calls,
        f"{settings.tokens:,} tokens": spent.tokens + tokens_in + tokens_out > settings.tokens,
        f"{settings.money_micros / MICRO:.2f} {settings.currency}": 0 < settings.money_micros < money,
        f"{settings.seconds:g} seconds": spent.seconds >= settings.seconds,
    }
    limit = next((text for text, holds in passed.items() if holds), "")
    return f"The limit of {limit} for one discovery is reached." if limit else ""
