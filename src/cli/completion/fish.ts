/** Completion for fish. \`commandline\` gives the words before the cursor and the one being typed. */
export const fishScript = `# Completion of belt for fish. To load it: belt completion fish | source
function __belt_complete
    set -l words (commandline -opc) (commandline -ct)
    belt __complete -- $words[2..-1] 2>/dev/null
end
complete -c belt -a '(__belt_complete)'
`;
