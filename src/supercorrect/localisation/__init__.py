"""Who finds the first wrong step? Critics and teachers against real solutions whose steps were judged by people."""
