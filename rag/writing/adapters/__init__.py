"""What the adapters of the default language model read and write: a module for each prompt."""
