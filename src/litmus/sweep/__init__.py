"""What many runs come to: the leaderboard, and runs trained together."""
