"""`python -m monomocap` is `monomocap`."""

from monomocap.cli.main import main

main()
