"""People: users, their roles and teams, what they may see and do, and who did what."""
