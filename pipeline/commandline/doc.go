// Package commandline turns kong's model of a command line into what helps to use
// it: completion scripts for bash, zsh and fish, the manual page, and a YAML file of
// every option with its help. All of them follow the flags' tags, so that a new flag is
// in each of them without another line.
//
// Scripts are static text: completing needs neither this program nor a library, and
// what is printed can be read before it is sourced.
//
// Data in: kong's model, and for the manual page what no flag tells.
// Data out: text.
// Only main imports it; it imports no other package of cellvi.
package commandline
