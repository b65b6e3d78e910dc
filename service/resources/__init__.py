"""The directory of resources as files: reading CSV, YAML and Excel, checking, and the commands for it."""
