"""What no reader sees and what speaks to the model: found in any document, left out and reported."""
