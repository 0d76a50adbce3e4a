"""Elements read at steps: transpose, reshape, slice and broadcast."""
