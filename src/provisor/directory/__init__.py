"""The embedded directory: local users and groups, imports, and the replica of every connected directory."""
