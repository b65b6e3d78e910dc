"""The dispatch API: `create_app(settings)`."""
