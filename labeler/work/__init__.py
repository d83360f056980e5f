"""The work itself: projects, what is compared in them, who judges what, and what they said."""
