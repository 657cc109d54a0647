"""What a message means, where what was typed leaves that open."""
