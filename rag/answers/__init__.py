"""An answer's life: its numbered events, the log they are kept in, and the generation that writes them."""
