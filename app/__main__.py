"""``python -m app`` is ``frontdesk``; started by another process of ours, it ends with that one."""

import os

from app.cli import main
from app.lifeline import follow

if __name__ == "__main__":
    follow(os.environ)
    main()
