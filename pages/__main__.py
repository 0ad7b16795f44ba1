"""`make picture`."""

from __future__ import annotations

from pages import picture


def main() -> None:
    """Draw the picture."""
    picture.PATH.write_text(picture.text(), encoding="utf-8")
    print(picture.PATH.name)  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
