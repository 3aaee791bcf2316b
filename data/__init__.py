"""How rows are stored and fetched: models, units of work, loaders, procedures, migrations."""
