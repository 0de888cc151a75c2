"""Models that tell who responds, leaves or spends: trained on a sample, tried on later time, scored in the engine."""
