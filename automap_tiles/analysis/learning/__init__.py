"""From samples to a classifier, and the accuracy of the classifier and its maps."""
