"""Command: decodes avatars with a DDN, to train and measure their CLIP on."""

from avatars.decode import main

if __name__ == "__main__":
    main()
