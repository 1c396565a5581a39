"""recipes: the table of what can be done to a capture.

SPDX-License-Identifier: MIT

A recipe is a function of a capture and some named values, all with defaults, that returns another
capture. It is written "name" or "name,key=value,..."; "one+two" does one after the other. What a recipe
does at random is the same on every run.
"""
import inspect
import random

TABLE = {}


def recipe(name):
    """Registers a function under a name; the first line of its comment is its help."""
    def put(function):
        TABLE[name] = function
        return function
    return put


def dice(*seed):
    return random.Random('-'.join(map(str, seed)))


def _value(text, default):
    return type(default)(text) if not isinstance(default, bool) else text in ('1', 'yes', 'true')


def parameters(function):
    return {k: p.default for k, p in list(inspect.signature(function).parameters.items())[1:]}


def _one(capture, text):
    name, *pairs = text.split(',')
    if name not in TABLE:
        raise ValueError('no recipe %r' % name)
    known = parameters(TABLE[name])
    values = {}
    for pair in pairs:
        key, found, value = pair.partition('=')
        if not found or key not in known:
            raise ValueError('%s knows %s' % (name, ', '.join(known) or 'no values'))
        values[key] = _value(value, known[key])
    return TABLE[name](capture, **values)


def apply(capture, text):
    for part in text.split('+'):
        capture = _one(capture, part)
    return capture


def describe():
    for name, function in TABLE.items():
        values = ', '.join('%s=%s' % kv for kv in parameters(function).items())
        yield '%-18s %s%s' % (name, function.__doc__.split('\n')[0], ' [%s]' % values if values else '')
