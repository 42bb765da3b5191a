"""What the pixels around a pixel look like: box statistics, textures of grey levels."""
