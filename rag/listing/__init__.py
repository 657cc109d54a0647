"""Questions for a time or a section, which are answered by listing, without searching."""
