"""Finds out in which class a model can run, and what stands in the way, without running it."""

from kernels.onnx.survey.exact import survey_exact
from kernels.onnx.survey.obstacle import Obstacle, Survey
from kernels.onnx.survey.tolerant import survey_tolerant

__all__ = ["Obstacle", "Survey", "survey_exact", "survey_tolerant"]
