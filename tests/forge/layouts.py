"""layouts: the same frames in other kinds of files.

SPDX-License-Identifier: MIT
"""
import wraps
from recipes import recipe

LAYOUTS = {
    'pcap': ('classic pcap', {'kind': 'pcap'}),
    'pcap-ns': ('classic pcap with nanoseconds', {'kind': 'pcap', 'unit': 1}),
    'pcap-be': ('classic pcap, big-endian', {'kind': 'pcap', 'endian': '>'}),
    'pcap-be-ns': ('classic pcap, big-endian, nanoseconds',
                   {'kind': 'pcap', 'endian': '>', 'unit': 1}),
    'pcapng': ('pcapng', {'kind': 'pcapng'}),
    'pcapng-ns': ('pcapng with nanoseconds', {'kind': 'pcapng', 'unit': 1}),
    'pcapng-be': ('pcapng, big-endian', {'kind': 'pcapng', 'endian': '>'}),
    'pcapng-interfaces': ('pcapng of three interfaces', {'kind': 'pcapng', 'interfaces': 3}),
    'pcapng-sections': ('pcapng of four sections', {'kind': 'pcapng', 'sections': 4}),
    'gzip': ('compressed with gzip', {'packing': 'gzip'}),
    'zstd': ('compressed with zstd', {'packing': 'zstd'}),
    'lz4': ('compressed with lz4', {'packing': 'lz4'}),
}


def _layout(name, text, layout):
    def lay_out(capture):
        return capture.laid_out(**layout)
    lay_out.__doc__ = text
    recipe(name)(lay_out)


for _name, (_text, _values) in LAYOUTS.items():
    _layout(_name, _text, _values)


@recipe('drops')
def drops(capture, packets=50):
    """pcapng whose interface statistics tell of dropped packets"""
    return capture.laid_out(kind='pcapng', drops=packets)


@recipe('pcapng-links')
def pcapng_links(capture):
    """pcapng of two interfaces, one of them cooked: frames take turns"""
    cooked = wraps.sll(capture).frames
    frames = [cooked[i] if i % 2 else f for i, f in enumerate(capture.frames)]
    return capture.with_frames(frames).laid_out(kind='pcapng')
