"""The operator's settings: their variables, what their values are checked for, and the data folder they name."""
