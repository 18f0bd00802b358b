"""The web application, on Django: one folder a domain noun."""
