"""Papers: drafts in Word and HTML from templates that are data. Blank where nothing is told, marked 草稿, signed by nobody but people."""
