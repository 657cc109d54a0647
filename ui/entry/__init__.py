"""Who is let in, and to what: hosts, logins, users, the routes that are answered."""
