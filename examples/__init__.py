"""Small programs that use Neurolov as an outsider would."""
