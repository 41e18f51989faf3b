"""An example of a package that extends Litmus; each file below is found by the folder that it stands in."""
