# The commands of docs/how-to/configure.md for completion at TAB. test/e2e/completion.test.ts runs them, and
# asks the shells that start then.

# #region bash
mkdir -p ~/.local/share/bash-completion/completions
carbontube completion bash > ~/.local/share/bash-completion/completions/carbontube
# #endregion bash

# #region zsh
mkdir -p ~/.zfunc
carbontube completion zsh > ~/.zfunc/_carbontube
echo 'fpath=(~/.zfunc $fpath); autoload -Uz compinit; compinit' >> ~/.zshrc
# #endregion zsh

# #region fish
mkdir -p ~/.config/fish/completions
carbontube completion fish > ~/.config/fish/completions/carbontube.fish
# #endregion fish
