"""Whether a run is what it was: every byte against its manifest, every data set against its stored responses."""
