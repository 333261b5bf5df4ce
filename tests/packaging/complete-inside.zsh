# Read by the shell that complete.zsh presses the Tab key of: writes what is offered into $MATCHES, and ends it.
setopt extendedglob
fpath=($FUNCTIONS $fpath)
autoload -Uz compinit
compinit -u -D

write-matches() {
  compadd() {
    # With -O, -A or -D it is only asked what would match.
    if [[ -n ${argv[(r)-[a-zA-Z]#[OAD]]} ]]; then
      builtin compadd "$@"
      return
    fi
    local -a found
    builtin compadd -A found "$@"
    print -rl -- $found >>$MATCHES
    builtin compadd "$@"
  }
  _main_complete
  exit
}
zle -C write-matches complete-word write-matches
bindkey '^I' write-matches
print ready
