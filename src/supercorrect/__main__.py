"""`python -m supercorrect` is `supercorrect`."""

from supercorrect.cli import main

if __name__ == "__main__":
    main()
