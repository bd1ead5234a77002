"""What a server counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from supercorrect.serving.solving import Solved

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Meters:
    """The counters of one server, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self.requests = Counter(
            "supercorrect_requests", "Chat completions by what they ended with.", ["status"], registry=self._registry
        )
        self.seconds = Histogram(
            "supercorrect_request_seconds",
            "From being let in to the whole answer.",
            ["self_correct", "votes"],
            buckets=SECONDS,
            registry=self._registry,
        )
        self.in_flight = Gauge("supercorrect_requests_in_flight", "Taken on and not done.", registry=self._registry)
        self.tokens = Counter(
            "supercorrect_tokens", "Of prompts, and all that was written.", ["kind"], registry=self._registry
        )
        self.faults = Counter(
            "supercorrect_faults_found", "Solutions in which self-correction found a fault.", registry=self._registry
        )

    def count(self, solved: Solved, seconds: float) -> None:
        """Take in a solved problem."""
        mode = solved.asked.mode
        votes = "1" if mode.votes == 1 else "more"  # every number would be a series of its own
        self.seconds.labels(str(mode.self_correct).lower(), votes).observe(seconds)
        self.tokens.labels("prompt").inc(solved.prompt_tokens or 0)
        self.tokens.labels("completion").inc(solved.completion_tokens or 0)
        self.faults.inc(sum(attempt.finding is not None for attempt in solved.attempts))

    def exposition(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._registry)
