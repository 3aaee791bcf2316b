"""Pages that scripts make: a Chromium without a network runs them, and is given what they may have."""
