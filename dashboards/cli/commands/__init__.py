"""The commands, one module for each that is loaded only when it is called."""
