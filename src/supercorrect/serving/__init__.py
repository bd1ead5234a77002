"""A trained student at work: solving problems for one person, or for many over HTTP."""
