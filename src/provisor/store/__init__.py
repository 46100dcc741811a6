"""SQL: tables, migrations, rows to nouns and back."""
