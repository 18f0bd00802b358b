"""What a day begins with: a person's deals by what they need, and a manager's team."""
