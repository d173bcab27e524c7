"""The avatars data set, and what the networks over it share."""
