"""The models that serve: two small protocols, and who implements them (`mistral`, `local`)."""
