# What somebody inside can try on what a mounted project hides and protects.
# $1: `agent`, whose project it is, or `root`. What could be read goes to stdout, or into `seen`.
mark="scribble-of-$1"
look() {
  find .
  find -L . ! -type d -exec cat {} +
}
attack() {
  for path; do
    ln "$path" "$path.$mark.hard"
    echo "$mark" >>"$path"
    echo "$mark" >"$path"
    touch "$path/$mark"
    chmod 777 "$path"
    mv "$path" "$path.$mark"
    rm -f "$path"
    rmdir "$path"
    umount "$path"
    mount -o remount,rw "$path"
    echo "$mark" >"$path"
  done
}
try() {
  look
  attack ./.env ./secrets ./secrets/deep ./sub/plain/key ./app/config/*.pem ./locked/*.pem
  attack ./it*.pem ./led-to.txt ./locked/file ./locked ./pinned.txt
  attack .git/config .git/hooks/pre-commit .git/hooks
  git config core.fsmonitor "$mark"
  mv .git ".git.$mark"
  look
}
if [ "$1" = root ]; then
  try 2>/dev/null
  exit
fi
# What anybody may do who works on the project.
echo theirs >free.txt
echo theirs >.git/COMMIT_EDITMSG
# No mount can be there: it is taken away after the session.
mkdir -p .git/info
echo '* filter=x' >.git/info/attributes
seen=$(try 2>/dev/null)
printf '%s\n' "$seen" >seen.part
mv seen.part seen
# What happens on the machine meanwhile must end this.
tries=0
while [ ! -e stop ] && [ "$tries" -lt 600 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
