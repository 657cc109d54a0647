"""Five public sheets, and questions about them whose answers pandas has computed."""
