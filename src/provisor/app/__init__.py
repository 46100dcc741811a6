"""Use cases, one file per noun; compose.py is the one place where parts are put together."""
