"""Runs the daemon: `python -m claudetted`, or the program `claudetted`."""

import gc


def main() -> None:
    # Looking for garbage in what is being loaded is a tenth of the work of a start.
    gc.disable()
    from claudetted.daemon.main import main as run

    run()


if __name__ == "__main__":
    main()
