"""The verbs, in running order: fetch, in_scope, map, match, plan, push, record."""
