"""The program of the child process: its files are sent as text, and know nothing of backpass.

They need the standard library and NumPy alone. ``launch`` puts on what contains a process and
watches over it; ``serve`` answers questions inside; ``wire`` is the language that both sides speak.
"""
