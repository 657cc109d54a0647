"""Access control: allowed hosts, logins, users, and the routes that are answered."""
