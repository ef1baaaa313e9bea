#!/bin/sh
# Written by `blastgate install cline`; `blastgate install cline --uninstall` takes it away again.
# Cline goes on when a hook fails, so that a program that is gone must be said to be one.
{line} || printf '%s\n' '{"cancel":true,"errorMessage":"blastgate could not be started, so this call does not run."}'
