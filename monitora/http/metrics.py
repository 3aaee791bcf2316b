"""`/metrics` for Prometheus: what the rooms counted, and what is read off the parts when somebody asks.

Off without a token. Each process counts for itself and is scraped at its own port: Prometheus adds processes up.
"""

import hmac
from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from monitora.identity import bearer_token
from monitora.websocket.protocol import OPEN_SOCKETS
from resolvers.services import Services


class Levels(Collector):
    """How full the parts are. Nothing is counted for it: the parts know."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read the levels."""
        services = self._services
        yield GaugeMetricFamily("monitora_sockets_open", "Websockets that are open.", value=len(OPEN_SOCKETS))
        yield GaugeMetricFamily("monitora_answers_running", "Answers under way.", value=services.answers.running)
        yield GaugeMetricFamily(
            "monitora_jobs_waiting", "Jobs that wait, of all processes.", value=services.jobs.waiting
        )
        yield self._subscribers()
        yield self._connections()

    def _subscribers(self) -> GaugeMetricFamily:
        subscribers = GaugeMetricFamily(
            "monitora_event_subscribers", "Subscriptions that have begun, by the events they get.", labels=["events"]
        )
        subscribers.add_metric(["conversation"], self._services.answers.events.subscriber_count)
        subscribers.add_metric(["website"], self._services.crawl.events.subscriber_count)
        subscribers.add_metric(["ingestion"], self._services.ingestion.events.subscriber_count)
        return subscribers

    def _connections(self) -> GaugeMetricFamily:
        used = GaugeMetricFamily(
            "monitora_database_connections_in_use", "Connections that run a unit of work, by pool.", labels=["pool"]
        )
        for name, engine in self._services.database.pools.items():
            used.add_metric([name], engine.pool.checkedout())  # type: ignore[attr-defined]
        return used


def route(token: str) -> Route:
    """Return the page, which is shown to who knows the token."""

    async def show(request: Request) -> Response:
        presented = bearer_token(request.headers.get("authorization")) or ""
        if not hmac.compare_digest(presented.encode(), token.encode()):
            challenge = {"www-authenticate": "Bearer"}
            return PlainTextResponse("Send the metrics' token as a bearer token.", status_code=401, headers=challenge)
        return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return Route("/metrics", show)
