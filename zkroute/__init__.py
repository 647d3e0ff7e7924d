"""zkroute: route orders by a published policy and prove, in zero knowledge, that you did."""

__version__ = "0.1.0"
