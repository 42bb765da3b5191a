"""How far a classification can be trusted: probabilities, sets of classes, likeness to samples."""
