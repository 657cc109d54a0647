"""Text recognition (OCR) for pages without text and for pictures, with words arranged in lines."""
