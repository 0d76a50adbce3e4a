"""The measurements behind `neurolov bench`: programs, proofs, kernels, runtime, sharing."""
