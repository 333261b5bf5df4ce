# usage: zsh -f complete.zsh FOLDER LINE
# Prints what zsh offers when the Tab key is pressed after LINE, with the completion functions of FOLDER.
zmodload zsh/zpty
export FUNCTIONS=$1 MATCHES=$(mktemp)
zpty shell zsh -f -i
zpty -w shell "source ${0:A:h}/complete-inside.zsh"
zpty -r -m shell said '*ready*'
zpty -w -n shell "$2"$'\t'
# It ends itself when it has offered something.
while zpty -r shell said; do :; done
sort -u $MATCHES
rm -f $MATCHES
