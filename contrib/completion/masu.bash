# SPDX-License-Identifier: Apache-2.0
# bash completion of masu. Made by contrib/dev/update-docs out of the tables of the program: do not edit.

_masu_ids() {
	"${COMP_WORDS[0]}" "${_masu_root[@]}" list --quiet 2>/dev/null
}

_masu() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command= flags= i
	local -a _masu_root=()
	COMPREPLY=()
	# --name=value comes in three words
	[[ $cur != = ]] || cur=
	if [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--root) [[ ${COMP_WORDS[i + 1]} != = ]] || ((i++)); _masu_root=(--root "${COMP_WORDS[++i]}") ;;
		--root|--log|--log-format|--log-level|--rootless|--cgroup-manager|--allow-annotation) [[ ${COMP_WORDS[i + 1]} != = ]] || ((i++)); ((++i)) ;;
		-*) ;;
		*) command=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $command in
	"")
		flags="--root --log --log-format --log-level --debug --rootless --cgroup-manager --allow-annotation --systemd-cgroup --version -v --help -h"
		case $prev in
		--root) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--log) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--log-format) COMPREPLY=($(compgen -W "text json" -- "$cur")); return ;;
		--log-level) COMPREPLY=($(compgen -W "error warning info debug trace" -- "$cur")); return ;;
		--rootless) COMPREPLY=($(compgen -W "true false auto" -- "$cur")); return ;;
		--cgroup-manager) COMPREPLY=($(compgen -W "cgroupfs systemd disabled" -- "$cur")); return ;;
		--allow-annotation) COMPREPLY=(); return ;;
		esac
		;;
	create)
		flags="--bundle -b --config -f --no-pivot --no-new-keyring --console-socket --pidfd-socket --pid-file --preserve-fds --help -h"
		case $prev in
		--bundle|-b) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--config|-f) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--console-socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--pidfd-socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--pid-file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--preserve-fds) COMPREPLY=(); return ;;
		esac
		;;
	start)
		flags="--help -h"
		case $prev in
		esac
		;;
	run)
		flags="--bundle -b --config -f --no-pivot --no-new-keyring --console-socket --pidfd-socket --pid-file --preserve-fds --detach -d --keep --no-subreaper --help -h"
		case $prev in
		--bundle|-b) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--config|-f) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--console-socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--pidfd-socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--pid-file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--preserve-fds) COMPREPLY=(); return ;;
		esac
		;;
	exec)
		flags="--process -p --cwd --env -e --tty -t --user -u --additional-gids -g --detach -d --pid-file --console-socket --pidfd-socket --cap -c --no-new-privs --apparmor --process-label --cgroup --preserve-fds --ignore-paused --help -h"
		case $prev in
		--process|-p) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--cwd) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--env|-e) COMPREPLY=(); return ;;
		--user|-u) COMPREPLY=(); return ;;
		--additional-gids|-g) COMPREPLY=(); return ;;
		--pid-file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--console-socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--pidfd-socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--cap|-c) COMPREPLY=(); return ;;
		--apparmor) COMPREPLY=(); return ;;
		--process-label) COMPREPLY=(); return ;;
		--cgroup) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--preserve-fds) COMPREPLY=(); return ;;
		esac
		;;
	state)
		flags="--help -h"
		case $prev in
		esac
		;;
	list)
		flags="--format -f --quiet -q --help -h"
		case $prev in
		--format|-f) COMPREPLY=($(compgen -W "table json" -- "$cur")); return ;;
		esac
		;;
	kill)
		flags="--all -a --regex -r --help -h"
		case $prev in
		esac
		;;
	delete)
		flags="--force -f --regex -r --help -h"
		case $prev in
		esac
		;;
	pause)
		flags="--help -h"
		case $prev in
		esac
		;;
	resume)
		flags="--help -h"
		case $prev in
		esac
		;;
	update)
		flags="--resources -r --blkio-weight --cpu-period --cpu-quota --cpu-burst --cpu-share --cpu-idle --cpu-rt-period --cpu-rt-runtime --cpuset-cpus --cpuset-mems --memory --memory-reservation --memory-swap --pids-limit --l3-cache-schema --mem-bw-schema --help -h"
		case $prev in
		--resources|-r) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--blkio-weight) COMPREPLY=(); return ;;
		--cpu-period) COMPREPLY=(); return ;;
		--cpu-quota) COMPREPLY=(); return ;;
		--cpu-burst) COMPREPLY=(); return ;;
		--cpu-share) COMPREPLY=(); return ;;
		--cpu-idle) COMPREPLY=(); return ;;
		--cpu-rt-period) COMPREPLY=(); return ;;
		--cpu-rt-runtime) COMPREPLY=(); return ;;
		--cpuset-cpus) COMPREPLY=(); return ;;
		--cpuset-mems) COMPREPLY=(); return ;;
		--memory) COMPREPLY=(); return ;;
		--memory-reservation) COMPREPLY=(); return ;;
		--memory-swap) COMPREPLY=(); return ;;
		--pids-limit) COMPREPLY=(); return ;;
		--l3-cache-schema) COMPREPLY=(); return ;;
		--mem-bw-schema) COMPREPLY=(); return ;;
		esac
		;;
	mounts)
		flags="--help -h"
		case $prev in
		esac
		;;
	ps)
		flags="--format -f --help -h"
		case $prev in
		--format|-f) COMPREPLY=($(compgen -W "table json" -- "$cur")); return ;;
		esac
		;;
	events)
		flags="--interval --stats --all -a --help -h"
		case $prev in
		--interval) COMPREPLY=(); return ;;
		esac
		;;
	checkpoint)
		flags="--image-path --work-path --parent-path --leave-running --pre-dump --tcp-established --tcp-skip-in-flight --ext-unix-sk --shell-job --file-locks --link-remap --auto-dedup --lazy-pages --page-server --status-fd --manage-cgroups-mode --network-lock --empty-ns --help -h"
		case $prev in
		--image-path) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--work-path) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--parent-path) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--page-server) COMPREPLY=(); return ;;
		--status-fd) COMPREPLY=(); return ;;
		--manage-cgroups-mode) COMPREPLY=(); return ;;
		--network-lock) COMPREPLY=(); return ;;
		--empty-ns) COMPREPLY=(); return ;;
		esac
		;;
	restore)
		flags="--bundle -b --config -f --image-path --work-path --detach -d --keep --no-subreaper --no-pivot --no-new-keyring --console-socket --pidfd-socket --pid-file --tcp-established --tcp-close --ext-unix-sk --shell-job --file-locks --auto-dedup --lazy-pages --manage-cgroups-mode --network-lock --empty-ns --lsm-profile --lsm-mount-context --help -h"
		case $prev in
		--bundle|-b) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--config|-f) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--image-path) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--work-path) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--console-socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--pidfd-socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--pid-file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--manage-cgroups-mode) COMPREPLY=(); return ;;
		--network-lock) COMPREPLY=(); return ;;
		--empty-ns) COMPREPLY=(); return ;;
		--lsm-profile) COMPREPLY=(); return ;;
		--lsm-mount-context) COMPREPLY=(); return ;;
		esac
		;;
	spec)
		flags="--bundle -b --file -f --rootless --help -h"
		case $prev in
		--bundle|-b) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--file|-f) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		esac
		;;
	features)
		flags="--help -h"
		case $prev in
		esac
		;;
	plan)
		flags="--bundle -b --config -f --no-pivot --no-new-keyring --console-socket --pidfd-socket --pid-file --preserve-fds --cgroups --format --help -h"
		case $prev in
		--bundle|-b) COMPREPLY=($(compgen -d -- "$cur")); return ;;
		--config|-f) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--console-socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--pidfd-socket) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--pid-file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		--preserve-fds) COMPREPLY=(); return ;;
		--cgroups) COMPREPLY=($(compgen -W "host v1 hybrid v2" -- "$cur")); return ;;
		--format) COMPREPLY=($(compgen -W "text" -- "$cur")); return ;;
		esac
		;;
	help)
		flags="--help -h"
		case $prev in
		esac
		;;
	esac
	if [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$flags" -- "$cur"))
		return
	fi
	case $command in
	"") COMPREPLY=($(compgen -W "create start run exec state list kill delete pause resume update mounts ps events checkpoint restore spec features plan help" -- "$cur")) ;;
	help) COMPREPLY=($(compgen -W "create start run exec state list kill delete pause resume update mounts ps events checkpoint restore spec features plan help" -- "$cur")) ;;
	mounts)
		case $((COMP_CWORD - i)) in
		1) COMPREPLY=($(compgen -W "add remove" -- "$cur")) ;;
		2) COMPREPLY=($(compgen -W "$(_masu_ids)" -- "$cur")) ;;
		*) COMPREPLY=($(compgen -f -- "$cur")) ;;
		esac
		;;
	create | run | restore | plan | spec | list | features) ;;
	*) COMPREPLY=($(compgen -W "$(_masu_ids)" -- "$cur")) ;;
	esac
}

complete -F _masu masu
