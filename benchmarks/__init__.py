"""Benchmarks: every number that is promised can be measured here.

Each module `benchmarks/<noun>.py` names its measurements in

    BENCHES: dict[str, Callable[[], dict[str, Any]]]

The key is the name, `<noun>.<what>`; the function measures once and returns a dictionary with

    value     the number measured
    unit      its unit
    goal      the number to reach, or None
    holds     whether the goal is reached, or None where there is no goal
    peers     the same number for other programs, measured in the same run: name to number; empty where none is there
    details   anything else that helps to judge the number

`scripts/bench` lists them; `scripts/bench NAME…` runs those and prints each as one JSON object on one line. A name is
one measurement (`ingest.qos1`), or the noun before the point (`ingest`) for all of its kind. A module whose name starts
with `_` is a helper.
"""
