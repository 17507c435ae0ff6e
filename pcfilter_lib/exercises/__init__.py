"""The checks behind the book's exercises.

Each chapter has one module here, named as the chapter's file, with one public function for each exercise:
``check_convolve(my_convolve)`` prints whether the answer is *not solved yet*, *not yet* right (and what differs, where
and by how much), or *solved*. :mod:`pcfilter_lib.exercises._core` holds what the checks are made of.
"""
