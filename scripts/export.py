"""Command: exports a checkpoint, a bundle or random weights to a bundle."""

from export.command import main

if __name__ == "__main__":
    main()
