"""Plain torch modules; they know nothing of the rest of Litmus and are reached by name from the config."""
