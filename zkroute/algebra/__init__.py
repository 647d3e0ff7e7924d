"""Field, group and domain arithmetic: reference implementations and the facade to kernels."""
