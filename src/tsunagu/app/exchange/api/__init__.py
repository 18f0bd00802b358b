"""The REST API: every noun of the product for other programs, by the same actions as the pages."""
