"""Command: writes an ImageNet classifier, its features and its feature maps as a bundle."""

from imagenet.command import main

if __name__ == "__main__":
    main()
