"""Find text that cannot answer anything: headings, menus, contents, references, figures."""
