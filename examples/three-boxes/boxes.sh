#!/bin/sh
# Three boxes and a switch between them, as network namespaces of this machine. Needs root and `ip`.
#
#   boxes.sh up              makes them: manager, encoder and file-io, each with the names of all in its hosts file
#   boxes.sh on BOX COMMAND  runs a command on a box
#   boxes.sh cut BOX         pulls the box's cable
#   boxes.sh heal BOX        plugs it in again
#   boxes.sh down            takes everything away; what runs there has to be stopped before
#
# BOXES is the first part of the names of the namespaces, `tina` unless it is set.
set -eu
prefix=${BOXES:-tina}
boxes='manager encoder file-io'

name_of() {
  case $1 in
    manager) echo video-pipeline.internal.tinaapp.video ;;
    encoder) echo encoder1.pipelines.internal.tinaapp.video ;;
    file-io) echo file-io1.pipelines.internal.tinaapp.video ;;
    *) echo "boxes.sh: no box \"$1\"; there are: $boxes" >&2; exit 2 ;;
  esac
}

up() {
  hosts='127.0.0.1 localhost'
  number=0
  for box in $boxes; do
    number=$((number + 1))
    hosts="$hosts
10.77.0.$number $(name_of "$box")"
  done
  ip netns add "$prefix-switch"
  ip -n "$prefix-switch" link add switch type bridge
  ip -n "$prefix-switch" link set switch up
  number=0
  for box in $boxes; do
    number=$((number + 1))
    ip netns add "$prefix-$box"
    mkdir -p "/etc/netns/$prefix-$box"
    echo "$hosts" > "/etc/netns/$prefix-$box/hosts"
    ip -n "$prefix-switch" link add "$box" type veth peer name cable netns "$prefix-$box"
    ip -n "$prefix-switch" link set "$box" master switch up
    ip -n "$prefix-$box" address add "10.77.0.$number/24" dev cable
    ip -n "$prefix-$box" link set cable up
    ip -n "$prefix-$box" link set lo up
  done
}

down() {
  for box in $boxes switch; do
    ip netns delete "$prefix-$box" 2>/dev/null || true
    rm -rf "/etc/netns/$prefix-$box"
  done
}

command=${1:-}
[ $# -gt 0 ] && shift
case $command in
  up) up ;;
  down) down ;;
  on) name_of "$1" > /dev/null; box=$1; shift; exec ip netns exec "$prefix-$box" "$@" ;;
  cut) name_of "$1" > /dev/null; ip -n "$prefix-switch" link set "$1" down ;;
  heal) name_of "$1" > /dev/null; ip -n "$prefix-switch" link set "$1" up ;;
  *) echo 'usage: boxes.sh up | on BOX COMMAND... | cut BOX | heal BOX | down' >&2; exit 2 ;;
esac
