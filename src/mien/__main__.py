"""`python -m mien` is the `mien` command."""

from mien.cli.app import main

main()
