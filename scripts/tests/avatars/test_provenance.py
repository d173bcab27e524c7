from __future__ import annotations

from avatars.provenance import portable_arguments


def test_a_recorded_command_names_no_place_of_the_machine():
    command = [
        "/home/me/models/avatars-clip",
        "--runs",
        "/tmp/x/runs/a",
        "--threads",
        "2",
        "--out",
        "/tmp/b",
        "--n",
        "3",
    ]
    assert portable_arguments(command) == ["models/avatars-clip", "--runs", "runs/a", "--out", "b", "--n", "3"]
