"""The vocabulary of labels: which points are artefacts, and what caused them."""

#: Values of :attr:`pcfilter_lib.data.OrganizedScan.label`: an artefact, a point of the true geometry, and neither (not
#: measured, or so close to the tolerance that both labels could be given).
ARTEFACT, TRUE_GEOMETRY, UNLABELLED = 0, 1, 255

#: Names of the values of ``extras["cause"]`` in a simulated scan.
CAUSES = (
    "none",  # not measured, or true geometry
    "noise",
    "saturation",
    "mixed pixel",
    "shadow border",
    "full shadow",
    "interreflection",
    "glossy ghost",
    "calibration",
    "texture",
)
