"""What is unusual in one person's work: reasons to look at it, never to decide anything.

No signal lowers pay, closes a project to a person or leaves a judgment out. Each is worded for
the person whom it is about, with the numbers that it was drawn from and what would be usual.
"""
