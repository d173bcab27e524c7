"""Command: trains a network; ends in a bundle with --bundle."""

from training.command import main

if __name__ == "__main__":
    main()
