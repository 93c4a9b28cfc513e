/** Completion for zsh. The alias switches globbing off for belt, so that \`belt rm node[1:4]\` needs no quotes there. */
export const zshScript = `#compdef belt
# Completion of belt for zsh. To load it: source <(belt completion zsh)
alias belt='noglob belt'
_belt() {
  local -a candidates
  candidates=("\${(@f)$(command belt __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=("\${(@)candidates:#}")
  if (( \${#candidates} )); then
    compadd -a candidates
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _belt ]]; then
  _belt "$@"
else
  compdef _belt belt
fi
`;
