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
from starlette.types import ASGIApp, Receive, Scope, Send

import widget
from data.migrations import pending
from data.models import JobKind
from monitora import demo, telemetry
from monitora.composition import running_services
from monitora.http import downloads, exports, metrics
from monitora.http.base_path import BasePath, redirect_to_plain_address
from monitora.http.envelope import REQUEST_ID, Envelope
from monitora.http.graphql_request import PREFLIGHT_HEADERS
from monitora.http.graphql_server import GraphQLServer
from monitora.http.known_hosts import KnownHosts
from monitora.http.rate_headers import RATE_HEADERS
from monitora.http.readiness import ModelProbe, readiness
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
    """Starlette, with what surrounds all it answers, its own answer to a fault included."""

    def build_middleware_stack(self) -> ASGIApp:
        """Return the application as it is called."""
        settings: Settings = self.state.settings
        served: ASGIApp = GraphFirst(super().build_middleware_stack(), self.state.graph)
        if settings.telemetry:
            served = telemetry.RequestSpans(served)
        return BasePath(Envelope(KnownHosts(served, settings)), settings.public_url)


class GraphFirst:
    """Serves the graph over HTTP past the router, for nearly every request is for it, and it answers its own faults."""

    def __init__(self, routed: ASGIApp, graph: Route) -> None:
        self._routed = routed
        self._graph = graph

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and scope["path"] == self._graph.path:
            scope["route"] = self._graph
            # What names no page needs no headers of CORS, and no answer is kept for one that does.
            names_page = any(name == b"origin" for name, _ in scope["headers"])
            await (self._graph.app if names_page else self._graph.endpoint)(scope, receive, send)
        else:
            await self._routed(scope, receive, send)


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
    graph = Route("/graphql", graphql, methods=None, middleware=[ANY_SITE])
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
        *exports.routes(),
        Route("/healthz", _healthz),
        Route("/readyz", _readyz),
        *([metrics.route(metrics_token)] if metrics_token else []),
    ]
    application = Application(
        lifespan=lifespan,
        routes=[WebSocketRoute("/graphql", graphql), *_with_slash([graph, *routes]), *routes],
    )
    application.state.settings = settings
    application.state.graph = graph
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
