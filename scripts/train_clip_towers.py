"""Command: trains picture towers of a CLIP for half-finished pictures."""

from clip.towers import main

if __name__ == "__main__":
    main()
