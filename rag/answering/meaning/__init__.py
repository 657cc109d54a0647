"""What a message means, if what was typed leaves that open."""
