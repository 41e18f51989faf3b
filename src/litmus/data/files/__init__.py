"""Files: bytes to tables, images and texts, exactly as they stand, and disk storage for what exceeds memory."""
