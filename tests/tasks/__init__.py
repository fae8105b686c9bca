"""The classic tasks of the recurrent-network literature, as published.

``problems`` makes their sequences, ``solve`` trains a network on fresh ones until it has them.
"""
