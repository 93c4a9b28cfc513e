/**
 * Completion for bash. Words are taken from COMP_LINE's own division, less the colon and the equals sign, so that ranges and
 * `--set k=v` stay whole; where belt has nothing to offer, files are completed.
 */
export const bashScript = `# Completion of belt for bash. To load it: source <(belt completion bash)
_belt() {
  local IFS=$'\\n'
  local current=\${COMP_WORDS[COMP_CWORD]}
  local words=("\${COMP_WORDS[@]:1:COMP_CWORD-1}" "$current")
  COMPREPLY=($(belt __complete -- "\${words[@]}" 2>/dev/null))
  if [[ \${#COMPREPLY[@]} -eq 0 ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _belt belt
`;
