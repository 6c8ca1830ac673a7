"""The mind: the turn loop, the gate, permissions and the prompt. Imports seams, never plug-ins."""
