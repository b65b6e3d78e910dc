"""A client for integrators, written out of openapi.json: a folder to copy, httpx2 is all that they need."""
