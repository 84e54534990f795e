"""`python -m s2s_keras`."""

import sys

from s2s_keras.command_line import main

sys.exit(main())
