"""One file per figure, each printed beside the limit it is held against."""
