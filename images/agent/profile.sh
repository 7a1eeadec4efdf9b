# Login shells start PATH over in /etc/profile; a session's own is put back. Empty while building.
if [ -n "${SANDCAGE_PATH:-}" ]; then
  PATH=$SANDCAGE_PATH
  export PATH
fi
