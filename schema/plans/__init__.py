"""Plans: a query is compiled once into what reads its rows and writes its bytes."""
