"""What a shell sources: each script asks `kefu __complete WORDS...`, whose last line is `:` and a directive."""

BASH = """\
# bash completion for kefu; source it: . <(kefu completion bash)
_kefu() {
  local answer directive line IFS=$'\\n'
  answer=$(kefu __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null) || return
  directive=${answer##*:}
  COMPREPLY=()
  while read -r line; do
    [[ $line == :* ]] || COMPREPLY+=("${line%%$'\\t'*}")
  done <<<"$answer"
  if [[ ${#COMPREPLY[@]} -eq 0 && $directive == 0 ]]; then
    COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
    compopt -o filenames 2>/dev/null
  fi
}
complete -F _kefu kefu
"""

ZSH = """\
#compdef kefu
# zsh completion for kefu; source it after compinit: . <(kefu completion zsh)
_kefu() {
  local answer directive line
  local -a found
  answer=$(kefu __complete "${(@)words[2,CURRENT]}" 2>/dev/null) || return
  directive=${answer##*:}
  for line in "${(@f)answer}"; do
    [[ $line == :* || -z $line ]] || found+=("${${line//:/\\\\:}/$'\\t'/:}")
  done
  if (( ${#found} )); then
    _describe kefu found
  elif [[ $directive == 0 ]]; then
    _files
  fi
}
compdef _kefu kefu
"""

FISH = """\
# fish completion for kefu; source it: kefu completion fish | source
function __kefu_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l answer (kefu __complete $words[2..-1] 2>/dev/null)
  set -l found (string match -v -r '^:' -- $answer)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else if contains -- ':0' $answer
    __fish_complete_path (commandline -ct)
  end
end
complete -c kefu -f -a '(__kefu_complete)'
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
