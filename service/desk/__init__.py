"""The triage desk: pages for the officer on duty, on the functions of the API alone."""
