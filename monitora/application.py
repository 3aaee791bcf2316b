"""The ASGI application: routes, and the life of the parts behind them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

import widget
from data.migrations import pending
from data.models import JobKind
from monitora import demo, telemetry
from monitora.composition import running_services
from monitora.http import downloads, metrics
from monitora.http.base_path import BasePath, redirect_to_plain_address
from monitora.http.graphql_request import PREFLIGHT_HEADERS
from monitora.http.graphql_server import GraphQLServer
from monitora.http.known_hosts import KnownHosts
from monitora.http.rate_headers import RATE_HEADERS
from monitora.http.readiness import ModelProbe, readiness
from monitora.http.request_ids import HEADER as REQUEST_ID
from monitora.http.request_ids import RequestIds
from monitora.http.security_headers import SecurityHeaders
from monitora.settings.settings import Settings
from rag.clean_up import CleanUp
from schema import schema

ANY_SITE = Middleware(
    # Widgets call from other sites, with a token and never with a cookie: any origin may ask, none is trusted.
    CORSMiddleware,
    allow_origins=["*"],
    allow_methods=["GET", "POST"],
    allow_headers=["authorization", "content-type", *PREFLIGHT_HEADERS],
    expose_headers=(*RATE_HEADERS, REQUEST_ID),
    max_age=600,
)


class Application(Starlette):
    """Starlette, with the security headers around all it answers, its own answer to a fault included."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the application as it is called."""
        known = KnownHosts(super().build_middleware_stack(), self.state.settings)
        return BasePath(SecurityHeaders(known), self.state.settings.public_url)


def create_application(settings: Settings) -> Starlette:
    """Return the application. Its parts start with it and stop with it.

    Raises `InvalidSettings` for telemetry without its extra.
    """
    stop_telemetry = telemetry.start() if settings.telemetry else None

    @asynccontextmanager
    async def lifespan(application: Starlette) -> AsyncIterator[None]:
        async with running_services(settings) as services:
            application.state.services = services
            application.state.model = ModelProbe(services.answers.chat_model, settings)
            at_start = not settings.redis_url
            embedders = [services.ingestion.embedder]
            clean_up = CleanUp(
                services.database, services.storage, settings.retention_days, embedders, at_start=at_start
            )
            services.jobs.handle(JobKind.CLEAN_UP, clean_up)
            # A database that cannot be opened ends the start. One that is not migrated is waited for.
            await pending(services.database)
            services.jobs.start()
            levels = metrics.Levels(services)
            REGISTRY.register(levels)
            yield
            REGISTRY.unregister(levels)
            await application.state.model.close()
        if stop_telemetry is not None:
            # Sends the last spans, which waits for the collector.
            await asyncio.to_thread(stop_telemetry)

    schema.persisted.build_in(widget.operations())
    graphql = GraphQLServer(timedelta(seconds=settings.header_seconds))
    metrics_token = settings.metrics_token.get_secret_value()
    graphiql = [
        Route("/graphiql", _graphiql),
        Route("/graphiql/index.html", redirect_to_plain_address),
        Mount("/graphiql", StaticFiles(directory=widget.DIST / "graphiql")),
    ]
    graph: list[BaseRoute] = [
        Route("/graphql", graphql, methods=None, middleware=[ANY_SITE]),
        WebSocketRoute("/graphql", graphql),
    ]
    routes = [
        Route("/", _home),
        *(graphiql if settings.graphiql else []),
        Route("/widget.js", _widget, middleware=[ANY_SITE]),
        # GraphiQL is built beside the widget, and has its own address.
        Mount("/widget/graphiql", routes=[]),
        Mount("/widget", StaticFiles(directory=widget.DIST), middleware=[ANY_SITE]),
        Route("/demo", _demo),
        Route("/demo/index.html", redirect_to_plain_address),
        Mount("/demo", StaticFiles(directory=widget.DEMO)),
        downloads.ROUTE,
        Route("/healthz", _healthz),
        Route("/readyz", _readyz),
        *([metrics.route(metrics_token)] if metrics_token else []),
    ]
    application = Application(
        lifespan=lifespan,
        # The graph comes first: nearly every request is for it.
        routes=[*graph, *_with_slash([*graph, *routes]), *routes],
        middleware=[
            Middleware(RequestIds),
            *([Middleware(telemetry.RequestSpans)] if settings.telemetry else []),
        ],
    )
    application.state.settings = settings
    application.router.redirect_slashes = False
    return application


def _with_slash(routes: list[BaseRoute]) -> list[Route]:
    """Return routes that lead from each plain address with a slash behind it to the plain one."""
    plain = (route for route in routes if isinstance(route, Route) and not route.param_convertors)
    paths = [route.path for route in plain if route.path != "/"]
    return [Route(f"{path}/", redirect_to_plain_address, methods=["GET", "POST"]) for path in paths]


async def _home(request: Request) -> Response:
    public_url: str = request.app.state.settings.public_url
    return RedirectResponse(f"{public_url.rstrip('/')}/demo" if public_url else "demo")


async def _graphiql(_request: Request) -> Response:
    return FileResponse(widget.DIST / "graphiql" / "index.html")


async def _widget(_request: Request) -> Response:
    # Named by every site that embeds it, so its name never changes; asked again now and then.
    headers = {"cache-control": "public, max-age=300"}
    return FileResponse(widget.DIST / "widget.js", media_type="text/javascript", headers=headers)


async def _demo(request: Request) -> Response:
    database, settings = request.app.state.services.database, request.app.state.settings
    if (state := await pending(database)) is not None:
        return PlainTextResponse(state, status_code=503)
    key = await demo.published_key(database, settings)
    if key is None:
        return PlainTextResponse("There is no sample workspace: run `monitora demo` once.", status_code=404)
    return HTMLResponse(demo.page(key, settings))


async def _healthz(_request: Request) -> Response:
    return PlainTextResponse("ok")


async def _readyz(request: Request) -> Response:
    found = await readiness(request.app.state.services, request.app.state.model)
    return JSONResponse(found.as_json(), status_code=200 if found.ready else 503)
