#!/usr/bin/env python3
"""forge: rewrites a capture.

SPDX-License-Identifier: MIT

forge.py --list             what it can do
forge.py RECIPE IN OUT      RECIPE: name[,key=value...][+name...]

    forge.py dup captures/good-tls13.pcap twice.pcap
    forge.py snaplen,n=96+vlan+gzip captures/demo.pcap cut.pcap.gz
    forge.py rst-at-hop,name=login.live.com,hop=3 captures/good-tls13.pcap reset.pcap
"""
import sys

import copies, faults, layouts, limits, wraps  # noqa: E401,F401  register their recipes
import files
import frames
import recipes


def main(args):
    if args == ['--list']:
        print('\n'.join(recipes.describe()))
        return 0
    if len(args) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    text, source, target = args
    try:
        files.write(target, recipes.apply(frames.read(source), text))
    except (OSError, ValueError) as e:
        print('forge: %s' % e, file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
