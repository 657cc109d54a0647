"""Five public sheets, and questions about them with answers that pandas computed."""
