"""Kernels for processors with AVX-512 IFMA: eight lanes, five 52-bit limbs."""
