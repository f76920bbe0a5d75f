"""The subcommands of ``dagger-gui``, a file each: ``add`` says what it takes, ``run`` does it."""
