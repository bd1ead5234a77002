"""The courier: a process that carries requests, so that what is under way when a run is killed is still answered.

A chat API has no way to ask for an answer again: what a killed run was waiting for is paid and lost. So the connections
are held by a small process beside the run. It hands each reply over, and remembers it until the run says that it is
kept. When the run is gone it waits for what is still under way, writes all of it down beside the store, and ends; the
same command, started again, takes these answers in before it asks for any.
"""
