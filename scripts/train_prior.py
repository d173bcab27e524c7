"""Command: trains a prior over a bundle's choices, and writes it into the bundle."""

from prior.command import main

if __name__ == "__main__":
    main()
