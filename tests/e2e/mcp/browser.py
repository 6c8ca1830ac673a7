"""A browser whose user agrees to everything: follows the address that it is given to where it ends."""

import sys
import urllib.request

with urllib.request.urlopen(sys.argv[1], timeout=20) as answer:
    answer.read()
