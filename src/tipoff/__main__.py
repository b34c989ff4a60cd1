"""`python -m tipoff` is the `tipoff` command."""

from tipoff.cli import console

if __name__ == "__main__":
    console()
