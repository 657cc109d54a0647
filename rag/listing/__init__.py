"""Questions for a time, a section, an overview or a document itself: listed, without searching."""
