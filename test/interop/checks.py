"""What the reading scripts share: a comparison that tells what it has found, and a count of them."""

import math

count = 0


def check(condition, message):
    global count
    count += 1
    assert condition, message


def check_equal(found, expected, about):
    """Equal and of one type, so that 1, 1.0 and True differ."""
    check(
        type(found) is type(expected) and found == expected,
        f"{about}: found {found!r}, expected {expected!r}",
    )


def check_same_keys(found, expected, about):
    missing = sorted(set(expected) - set(found), key=str)
    surplus = sorted(set(found) - set(expected), key=str)
    check(
        not missing and not surplus,
        f"{about}: {len(missing)} missing, such as {missing[:3]}; "
        f"{len(surplus)} too many, such as {surplus[:3]}",
    )


def is_missing(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


def report():
    """The last line of a script: without it the script has not come to its end."""
    assert count > 0, "nothing was compared"
    print(f"ok {count} checks")
