"""The catalogue's mistakes, one file a kind: what can be done wrong, and beside it how.

Each kind is a module with the *variants* of its switches (small functions, by name), its
``mistakes(net)`` in the order in which they are listed, and ``COMMON``, how the names of those
begin that people make most often. A new mistake is an entry there, and a variant where none does it
yet.
"""
