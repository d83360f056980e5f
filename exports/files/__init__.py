"""Files: how rows and counts are written, sorted and kept in a folder."""
