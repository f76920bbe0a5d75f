"""The Review page on recorded files, its edits through the real recorder process."""
