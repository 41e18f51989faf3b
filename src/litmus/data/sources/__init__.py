"""Sources: one class an option of `data=`, whose arguments are its config keys. A new one is a class and a YAML."""
