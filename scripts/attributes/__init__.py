"""The attribute classifier of the avatars."""
