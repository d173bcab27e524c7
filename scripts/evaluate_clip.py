"""Command: measures a CLIP on avatars."""

from clip.evaluate import main

if __name__ == "__main__":
    main()
