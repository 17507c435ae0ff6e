"""File formats: one module a format, each with its readers and writers.

Nothing here is called directly: :func:`pcfilter_lib.data.load_mesh`, :func:`~pcfilter_lib.data.load_cloud` and
:func:`~pcfilter_lib.data.load_scan` choose the module by the file's suffix.
"""
