"""Command: the method in two dimensions."""

from toy.command import main

if __name__ == "__main__":
    main()
