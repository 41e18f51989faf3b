"""Parts as users of Lightning and torch write them, in the styles of public projects."""
