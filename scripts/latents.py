"""Command: counts how often choices follow each other, into the bundle."""

from prior.command import main

if __name__ == "__main__":
    main()
