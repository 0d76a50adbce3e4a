"""The error for samples that do not fit a model."""


class CalibrationError(ValueError):
    """A calibration set does not fit the model, or the model does not run on it."""
