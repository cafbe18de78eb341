"""The Facial Action Coding System: catalogue of actions, annotation strings, sentences, prototypes of emotions."""
