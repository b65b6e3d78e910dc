"""The faces of the product: command line, later the API and the desk. The one place where parts are put together."""
