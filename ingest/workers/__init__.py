"""Processes that read documents under limits of CPU and memory."""
