"""What of a text cannot answer: headings, menus, tables of contents, references, figures."""
