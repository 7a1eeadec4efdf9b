# What an agent can commit to reach the user whose branch its commits land on.
set -e
round=$1
landed=$2
git symbolic-ref HEAD refs/heads/main
git reset -q --hard "$landed"
git clean -qffdx
save() {
  git commit -qm "$1"
  git rev-parse HEAD
}
entry() {
  printf '%s %s\0' "$1" "$2"
  printf '%s' "$3" | perl -ne 'print pack "H*", $_'
}
tree() {
  git hash-object -t tree -w --stdin --literally
}
case $round in
look)
  # All that could hold a word of the user's.
  git cat-file --batch-all-objects --batch
  cat .git/config .git/packed-refs .git/logs/HEAD ~/.gitconfig ~/.git-credentials 2>/dev/null || :
  find . -path ./.git -prune -o -type f -exec cat {} +
  env
  ;;
plain)
  echo "$3" >"$3"
  git add "$3"
  save "$3"
  ;;
collide)
  escape=$(printf 'e\033[31msc.txt')
  mkdir linked "$escape"
  echo theirs | tee tracked.txt untracked.txt ignored.log taken linked/x.txt >"$escape/x.txt"
  git add -Af
  git update-index --add --cacheinfo "160000,$landed,mod"
  save collide
  ;;
evil)
  blob=$(echo x | git hash-object -w --stdin)
  inner=$(entry 100644 x "$blob" | tree)
  case $3 in
  git) top=$(entry 40000 .git "$inner" | tree) ;;
  up) top=$(entry 40000 .. "$inner" | tree) ;;
  twin)
    link=$(printf '/tmp' | git hash-object -w --stdin)
    top=$({ entry 120000 out "$link"; entry 40000 out "$inner"; } | tree)
    ;;
  module)
    list=$(printf '[submodule "m"]\n\tpath = m\n\turl = -u./x\n' | git hash-object -w --stdin)
    top=$({ entry 100644 .gitmodules "$list"; entry 160000 m "$landed"; } | tree)
    ;;
  esac
  git update-ref refs/heads/main "$(git commit-tree -p "$landed" -m evil "$top")"
  git rev-parse main
  ;;
hooks)
  canary=$3
  mkdir -p .hooks .git/hooks
  for name in reference-transaction post-index-change post-checkout post-merge; do
    printf '#!/bin/sh\ntouch "%s" || touch /tmp/fired\n' "$canary" | tee ".hooks/$name" >".git/hooks/$name"
    chmod +x ".hooks/$name" ".git/hooks/$name"
  done
  for key in core.fsmonitor uploadpack.packObjectsHook core.sshCommand diff.external; do
    git config "$key" "touch '$canary'; false"
  done
  git add .hooks
  # As git does where nothing is set over its settings.
  env -u GIT_CONFIG_COUNT git -c safe.directory='*' -c user.name=x -c user.email=x \
    -c core.fsmonitor=false commit -qm hooks
  for key in core.fsmonitor diff.external; do git config --unset "$key"; done
  git rev-parse HEAD
  # Where the canary is made on the user's machine there is nothing inside.
  [ ! -e /tmp/fired ] || echo fired
  ;;
filter)
  echo '*.dat filter=verify' >.gitattributes
  echo x >x.dat
  git add .
  save filter
  ;;
bomb)
  echo x >bomb.txt
  git add .
  head -c 5000000 /dev/zero | tr '\0' x >/tmp/message
  git commit -qF /tmp/message
  git rev-parse HEAD
  ;;
refs)
  # The branch that is promoted goes on once: what it is at for a moment lands, too.
  blob=$(echo x | git hash-object -w --stdin)
  side=$(git commit-tree -p "$landed" -m side "$(entry 100644 side.txt "$blob" | tree)")
  for name in heads/side heads/private heads/user/work heads/new tags/v9 notes/commits \
    "replace/$landed" sandcage/x/in/main remotes/origin/main stash; do
    git update-ref "refs/$name" "$side"
  done
  echo y >refs.txt
  git add refs.txt
  save refs
  ;;
amend)
  echo y >amended.txt
  git add .
  git commit -q --amend -m amended
  git rev-parse HEAD
  ;;
esac
