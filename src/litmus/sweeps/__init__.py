"""What many runs come to: searches, the jobs of a sweep, leaderboards, their pages, and the answer at the end."""
