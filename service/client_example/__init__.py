"""A client for integrators, written out of openapi.json: two files to copy, httpx2 is all that they need."""
