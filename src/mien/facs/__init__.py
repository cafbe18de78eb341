"""The Facial Action Coding System: catalogue, annotation strings, sentences, prototypes of emotions."""
