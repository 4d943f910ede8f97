"""What commands answer with a trained model: of which rows, with what beside it, in what form."""
