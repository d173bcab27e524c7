"""The small CLIP of the avatars."""
