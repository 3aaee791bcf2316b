"""What an ORM cannot say: procedures, triggers and views, one object a file, under the same names for each database."""
