"""Command: trains the attribute classifier of the avatars."""

from attributes.command import main

if __name__ == "__main__":
    main()
