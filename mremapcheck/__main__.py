"""``python -m mremapcheck``."""

from mremapcheck.cli.main import main

if __name__ == "__main__":
    main()
