"""The application: views put together."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from automap_service import pages
from automap_service.operations.metrics import Requests, registry
from automap_service.readiness import Readiness
from automap_service.service import Service
from automap_service.web import _answers, _logged
from automap_service.web._asked import FormRequest, check_address
from automap_service.web.html import show
from automap_service.web.views import accounts, files, jobs, launching, maps, ogc, operations


def create_app(service: Service) -> Flask:
    """A Flask application without any state of its own; any WSGI server can run some of it."""
    app = Flask("automap_service", template_folder="templates", static_folder="static")
    app.url_map.strict_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = service.settings.limits.body
    app.config["MAX_FORM_MEMORY_SIZE"] = service.settings.limits.body
    app.extensions["automap-service"] = service
    app.extensions["automap-readiness"] = Readiness(service)
    requests = Requests()
    app.extensions[operations.REGISTRY] = registry(service, requests)
    _answers.install(app)
    _logged.install(app, requests)
    app.request_class = FormRequest
    app.before_request(check_address)
    for each in (ogc, accounts, launching, jobs, files, maps, operations):
        app.register_blueprint(each.views)
    app.register_blueprint(pages.blueprint)
    show(app, pages.HTML)
    if service.settings.web.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app
