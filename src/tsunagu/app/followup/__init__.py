"""Following up: e-mails and letters to the customer, and the telephone with its script."""
