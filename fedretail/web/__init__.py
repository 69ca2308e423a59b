"""The faces of a daemon in a browser: kiosk, phone, back office, and the HTTP API.

Server-rendered pages and one ASGI application, served in the daemon's own nursery. A request is
answered from this computer's disk alone; keys are never touched here.
"""
