"""The verbs, in running order: fetch, filter, in_scope, map, match, plan, push, record."""
