"""The options of the recipes that have names."""

#: What each preset changes in the default recipe; :meth:`pcfilter_lib.synthesis.Recipe.preset` applies it:
#:
#: * ``"workbench"``: three to fifteen parts of all kinds and materials on a table;
#: * ``"shiny bin"``: metal parts in a bin, with light going back and forth between them;
#: * ``"dark parts"``: black plastic and rubber, which sends back little more light than the sensor's noise;
#: * ``"phoxi-like"``: one dark part with fine structure before a void, seen at a slant and close to, by an industrial
#:   scanner with laser light: most of the image is a hole.
OPTIONS = {
    "workbench": {},
    "shiny bin": dict(
        support="bin",
        parts=(5, 15),
        glossy_share=0.8,
        specular=(0.25, 0.7),
        shininess=(40, 2_000),
        support_albedo=(0.2, 0.8),
        elevation=(65, 90),
    ),
    "dark parts": dict(
        dark_share=0.8,
        dark_albedo=(0.015, 0.06),
        glossy_share=0.4,
        specular=(0.02, 0.1),
        support_albedo=(0.02, 0.3),
        ambient=(0, 0.05),
    ),
    "phoxi-like": dict(
        support="none",
        parts=1,
        kinds=("board", "board", "grille", "fins", "bracket"),
        part_size=(0.1, 0.3),
        albedo=(0.05, 0.4),
        dark_share=0.8,
        dark_albedo=(0.002, 0.06),
        glossy_share=0.5,
        specular=(0.05, 0.4),
        shininess=(10, 300),
        texture_share=0.6,
        texture_contrast=(0.3, 0.95),
        texture_grain=(0.001, 0.01),
        width=480,
        height=360,
        field_of_view=(12, 28),
        distance=(0.27, 0.65),
        elevation=(20, 90),
        aim_error=(0, 0.04),
        camera_aperture=(0.003, 0.01),
        focus_error=(-0.3, 0.3),
        baseline=(0.12, 0.25),
        projector_aperture=(0.003, 0.01),
        projector_blur=(0.5, 1.5),
        ambient=(0, 0.05),
        exposure=(0.4, 3.0),
        full_well=(20_000, 200_000),  # several exposures, averaged
        speckle=(0.05, 0.4),
        speckle_change=(0, 0.04),
        bits=14,
        min_modulation=(0.01, 0.1),
        max_mismatch=(0.27, 0.4),
        reject_saturated=True,
        tolerance=(0.0002, 0.0006),
        footprint=4,
        gather_step=6,
    ),
}
