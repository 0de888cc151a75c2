"""Components of Rasa's understanding pipeline."""
