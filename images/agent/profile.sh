# Login shells start PATH over in /etc/profile; a session's own is put back. Empty while building.
if [ -n "${CAGE_PATH:-}" ]; then
  PATH=$CAGE_PATH
  export PATH
fi
