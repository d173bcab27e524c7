"""Command: trains the small CLIP of the avatars."""

from clip.train import main

if __name__ == "__main__":
    main()
